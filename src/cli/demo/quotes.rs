//! What simulated traders want: quotes around a price that walks at random.

/// An instrument of the demo; prices and quantities are in units of its scales.
pub struct Market {
    /// Its symbol.
    pub symbol: &'static str,
    /// Decimal places of prices.
    pub price_scale: u32,
    /// Decimal places of quantities.
    pub quantity_scale: u32,
    /// Where the price begins.
    pub price: i64,
    /// Between two levels of quotes.
    step: i64,
    /// The least quantity of a quote.
    quantity: i64,
    /// A maker quotes at least this many orders.
    pub quotes_min: usize,
    /// And at most this many.
    pub quotes_max: usize,
}

/// The instruments; the demo's configuration is the default one, which has them.
pub const MARKETS: [Market; 2] = [
    Market {
        symbol: "BTCUSDT",
        price_scale: 2,
        quantity_scale: 5,
        price: 6_000_000,
        step: 100,
        quantity: 200,
        quotes_min: 12,
        quotes_max: 40,
    },
    Market {
        symbol: "ETHUSDT",
        price_scale: 2,
        quantity_scale: 4,
        price: 300_000,
        step: 10,
        quantity: 100,
        quotes_min: 12,
        quotes_max: 40,
    },
];

/// The price walks one step in so many requests.
const WALK_INTERVAL: u64 = 64;
/// Levels on each side.
const LEVELS: u64 = 8;
/// The price turns back at this many steps from where it began, well within the collar.
const WALK_STEPS_MAX: i64 = 300;
/// FIX's Side.
const SIDES: [char; 2] = ['1', '2'];

/// A small generator of random numbers (xorshift64*, Vigna 2016): the demo is the same each time.
pub struct Random(u64);

impl Random {
    /// A generator; the seed is not zero.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`, which is above zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// An order that a trader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The request that began its chain.
    pub root: u64,
    /// The last request of its chain.
    pub last: u64,
    /// FIX's Side.
    pub side: char,
    /// Its limit.
    pub price: i64,
    quantity: i64,
    market: usize,
}

impl Quote {
    /// Price, as FIX writes it.
    pub fn price_text(&self) -> String {
        decimal(self.price, MARKETS[self.market].price_scale)
    }

    /// OrderQty, as FIX writes it.
    pub fn quantity_text(&self) -> String {
        decimal(self.quantity, MARKETS[self.market].quantity_scale)
    }
}

/// An integer of `scale` decimal places as text.
pub fn decimal(number: i64, scale: u32) -> String {
    let one = 10_i64.pow(scale);
    format!("{}.{:0width$}", number / one, number % one, width = scale as usize)
}

/// The makers' open quotes, and where the price is.
pub struct Quotes {
    prices: [i64; MARKETS.len()],
    /// By maker, then by market; the oldest first.
    open: Vec<[Vec<Quote>; MARKETS.len()]>,
}

impl Quotes {
    /// Nothing is quoted yet.
    pub fn new(makers: usize) -> Self {
        let open = (0..makers).map(|_| Default::default()).collect();
        Self { prices: [0, 1].map(|market: usize| MARKETS[market].price), open }
    }

    /// Lets the price walk now and then.
    pub fn walk(&mut self, market: usize, random: &mut Random) {
        if random.below(WALK_INTERVAL) > 0 {
            return;
        }
        let Market { step, price, .. } = MARKETS[market];
        let up = random.below(2) == 0;
        let next = self.prices[market] + if up { step } else { -step };
        if (next - price).abs() <= WALK_STEPS_MAX * step {
            self.prices[market] = next;
        }
    }

    /// How many quotes a maker has.
    pub fn open(&self, maker: usize, market: usize) -> usize {
        self.open[maker][market].len()
    }

    /// The quote that a maker has had for longest.
    pub fn oldest(&self, maker: usize, market: usize) -> Option<Quote> {
        self.open[maker][market].first().copied()
    }

    /// A new quote of a maker.
    pub fn new_quote(
        &mut self,
        maker: usize,
        market: usize,
        id: u64,
        random: &mut Random,
    ) -> Quote {
        let side = random.below(2) as usize;
        let quantity = MARKETS[market].quantity * (1 + random.below(20) as i64);
        let price = self.quote_price(market, side, random);
        let quote = Quote { root: id, last: id, side: SIDES[side], price, quantity, market };
        self.open[maker][market].push(quote);
        quote
    }

    /// The oldest quote moves to a new price, and is the youngest then.
    pub fn requote(
        &mut self,
        maker: usize,
        market: usize,
        id: u64,
        random: &mut Random,
    ) -> Option<Quote> {
        if self.open[maker][market].is_empty() {
            return None;
        }
        let old = self.open[maker][market].remove(0);
        let side = usize::from(old.side == SIDES[1]);
        let quote = Quote { last: id, price: self.quote_price(market, side, random), ..old };
        self.open[maker][market].push(quote);
        Some(quote)
    }

    /// A quote is gone.
    pub fn remove(&mut self, maker: usize, market: usize, root: u64) -> Option<Quote> {
        let open = &mut self.open[maker][market];
        let place = open.iter().position(|quote| quote.root == root)?;
        Some(open.remove(place))
    }

    /// A taker's order: it crosses the first levels.
    pub fn taker_order(&self, market: usize, random: &mut Random) -> Quote {
        let Market { step, quantity, .. } = MARKETS[market];
        let side = random.below(2) as usize;
        let reach = step * (1 + random.below(3) as i64);
        let price = self.prices[market] + if side == 0 { reach } else { -reach };
        let quantity = quantity * (1 + random.below(30) as i64);
        Quote { root: 0, last: 0, side: SIDES[side], price, quantity, market }
    }

    fn quote_price(&self, market: usize, side: usize, random: &mut Random) -> i64 {
        // Two draws, the lower counts: most quotes are near the touch.
        let level = random.below(LEVELS).min(random.below(LEVELS)) as i64;
        let distance = MARKETS[market].step * level + MARKETS[market].step / 2;
        self.prices[market] + if side == 0 { -distance } else { distance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_all_their_places() {
        assert_eq!(decimal(6_000_005, 2), "60000.05");
        assert_eq!(decimal(200, 5), "0.00200");
    }

    #[test]
    fn a_quote_is_found_by_the_request_that_began_it() {
        let mut quotes = Quotes::new(1);
        let mut random = Random::new(1);
        quotes.new_quote(0, 0, 7, &mut random);
        quotes.new_quote(0, 0, 8, &mut random);
        let moved = quotes.requote(0, 0, 9, &mut random).unwrap();
        assert_eq!((moved.root, moved.last), (7, 9));
        assert_eq!(quotes.oldest(0, 0).unwrap().root, 8);
        assert!(quotes.remove(0, 0, 7).is_some());
        assert!(quotes.remove(0, 0, 7).is_none());
        assert_eq!(quotes.open(0, 0), 1);
    }

    #[test]
    fn prices_stay_near_where_they_began() {
        let mut quotes = Quotes::new(1);
        let mut random = Random::new(2);
        for _ in 0..1_000_000 {
            quotes.walk(1, &mut random);
        }
        let far = (quotes.prices[1] - MARKETS[1].price).abs();
        assert!(far <= WALK_STEPS_MAX * MARKETS[1].step);
    }
}
