use super::*;
use expect_test::{Expect, expect};

fn refused(text: &str, expected: Expect) {
    let error = Config::parse(Path::new("castle.toml"), text).expect_err("it is refused");
    expected.assert_eq(&error.to_string());
}

/// The example with one line in another's place.
fn example_with(line: &str, instead: &str) -> String {
    let text = Config::example();
    assert!(text.contains(line), "{line}");
    text.replacen(line, instead, 1)
}

#[test]
fn the_example_is_the_default() {
    let config = Config::default();
    assert_eq!(config.fix.listen, "127.0.0.1:9878".parse().unwrap());
    assert_eq!(config.durability, Durability::LocalDisk);
    assert_eq!(config.admin_socket(), Path::new("./castle-data/admin.sock"));
    assert_eq!(config.instruments[0].tick, Price(1));
    assert_eq!(config.instruments[0].reference_price, Price(6_000_000));
    assert_eq!(config.instruments[0].notional_min, Amount(500_000_000));
    assert_eq!(config.sessions[1].id, SessionId(2));
}

#[test]
fn what_the_example_shows_is_what_an_absent_key_means() {
    let empty = Config::parse(Path::new("castle.toml"), "").unwrap();
    let example = Config {
        assets: vec![],
        instruments: vec![],
        accounts: vec![],
        sessions: vec![],
        ..Config::default()
    };
    assert_eq!(empty, example);
}

#[test]
fn the_configuration_for_replays_is_accepted() {
    let config = Config::parse(Path::new("castle.toml"), Config::example_lobster()).unwrap();
    assert_eq!(config.instruments[0].tick, Price(100));
}

#[test]
fn a_reserve_that_the_segments_cannot_hold_is_refused() {
    refused(
        "[journal]\nsegment_bytes = 1048576\n",
        expect![
            "castle.toml, line 2: [journal] segment_bytes = 1048576 is wrong; allowed: reserve_bytes (16777216) and log_ring_records x 256 (16777216) together at most 1048064, segment_bytes without a header: raise segment_bytes, or lower one of them"
        ],
    );
    refused(
        &example_with("reserve_bytes = 16777216", "reserve_bytes = 134217728"),
        expect![
            "castle.toml, line 74: [journal] reserve_bytes = 134217728 is wrong; allowed: reserve_bytes (134217728) and log_ring_records x 256 (16777216) together at most 134217216, segment_bytes without a header: raise segment_bytes, or lower one of them"
        ],
    );
}

#[test]
fn definitions_come_in_an_order_in_which_each_finds_what_it_names() {
    let names: Vec<_> = Config::default().definitions().iter().map(Command::name).collect();
    expect![[r#"["DefineAsset", "DefineAsset", "DefineAsset", "DefineInstrument", "DefineInstrument", "OpenAccount", "OpenAccount", "Deposit", "Deposit", "Deposit", "Deposit", "Deposit", "Deposit", "DefineSession", "DefineSession"]"#]]
    .assert_eq(&format!("{names:?}"));
}

#[test]
fn each_deposit_has_a_reference_of_its_own() {
    let references: Vec<_> = Config::default()
        .definitions()
        .iter()
        .filter_map(|command| match command {
            Command::Deposit(transfer) => Some(transfer.reference.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(references[0], "genesis-2-BTC");
    let distinct: std::collections::BTreeSet<_> = references.iter().collect();
    assert_eq!(distinct.len(), references.len());
}

#[test]
fn a_listener_that_others_could_reach_is_refused() {
    refused(
        "[fix]\nlisten = \"0.0.0.0:9878\"\n",
        expect![[
            r#"castle.toml, line 2: [fix] listen = "0.0.0.0:9878" is wrong; allowed: a loopback address such as 127.0.0.1:9878, because sessions are not authenticated and anyone who reaches the port could trade"#
        ]],
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_known_ones() {
    refused(
        "[admin]\nsokcet = \"x\"\n",
        expect![[
            r#"castle.toml, line 2: [admin] sokcet = "x" is not known; allowed here: socket"#
        ]],
    );
}

#[test]
fn an_unknown_section_is_refused() {
    refused(
        "[fixx]\nlisten = 1\n",
        expect![
            "castle.toml, line 1: fixx = [fixx] is not known; allowed here: cluster, durability, reconnect_grace_ms, rollover, fix, journal, admin, threads, telemetry, engine, asset, instrument, account, session"
        ],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_refused() {
    refused(
        "[fix]\n# a comment\nconnections_max = \"many\"\n",
        expect![[
            r#"castle.toml, line 3: [fix] connections_max = "many" is wrong; allowed: a whole number from 1 to 65536"#
        ]],
    );
}

#[test]
fn a_missing_key_is_named_with_the_line_of_its_section() {
    refused(
        "\n[[asset]]\nname = \"BTC\"\n",
        expect![
            "castle.toml, line 2: [[asset]] scale is missing; allowed: a whole number from 0 to 12"
        ],
    );
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    refused(
        "[fix]\nlisten = = 3\n",
        expect![[r#"castle.toml, line 2: "listen = = 3" is no TOML: extra `=`, expected nothing"#]],
    );
}

#[test]
fn a_tick_times_lot_below_a_quote_unit_is_refused() {
    let text = example_with("name = \"USDT\"\nscale = 8", "name = \"USDT\"\nscale = 6");
    refused(
        &text,
        expect![[
            r#"castle.toml, line 143: [[instrument]] tick = "0.01" is wrong; allowed: one for which tick x lot is a whole number of USDT units of 6 decimal places"#
        ]],
    );
}

#[test]
fn a_price_with_too_many_decimals_is_refused() {
    refused(
        &example_with("tick = \"0.01\"", "tick = 0.001"),
        expect![
            "castle.toml, line 143: [[instrument]] tick = 0.001 is wrong; allowed: a number from 0.01 to 10000000000000000 with at most 2 decimal places"
        ],
    );
}

#[test]
fn a_quantity_that_is_no_multiple_of_the_lot_is_refused() {
    let text = example_with("lot = \"0.00001\"", "lot = \"0.00003\"");
    refused(
        &text,
        expect![[
            r#"castle.toml, line 145: [[instrument]] quantity_min = "0.00001" is wrong; allowed: a number from 0.00003 to 10000000000000 with at most 5 decimal places"#
        ]],
    );
}

#[test]
fn a_session_of_an_unknown_account_is_refused() {
    refused(
        &example_with("account = 3", "account = 7"),
        expect![
            "castle.toml, line 197: [[session]] account = 7 is wrong; allowed: one of the accounts above: 2, 3"
        ],
    );
}

#[test]
fn a_deposit_of_an_unknown_asset_is_refused() {
    refused(
        &example_with("BTC = \"100\"", "DOGE = \"100\""),
        expect![[
            r#"castle.toml, line 179: [[account]] deposits.DOGE = "100" is wrong; allowed: one of the assets above: BTC, ETH, USDT"#
        ]],
    );
}

#[test]
fn deposits_beyond_what_can_be_counted_are_refused() {
    refused(
        &example_with("BTC = \"100\"", "BTC = \"46116860184\""),
        expect![[
            r#"castle.toml, line 184: [[account]] deposits.BTC = "100" is wrong; allowed: at most 46116860184.27387903 of BTC in all accounts together"#
        ]],
    );
}

#[test]
fn a_socket_path_that_the_system_cannot_take_is_refused() {
    let text = format!("[admin]\nsocket = \"/{}\"\n", "a".repeat(110));
    refused(
        &text,
        expect![[
            r#"castle.toml, line 2: [admin] socket = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is wrong; allowed: a path of at most 107 bytes; where it is absent, [journal] directory and /admin.sock make 111"#
        ]],
    );
}

#[test]
fn a_rollover_that_is_no_time_of_day_is_refused() {
    refused(
        "rollover = \"24:00:00\"\n",
        expect![[
            r#"castle.toml, line 1: rollover = "24:00:00" is wrong; allowed: a time of day, HH:MM:SS"#
        ]],
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::load(Path::new("no-such-file.toml")).unwrap_err();
    assert!(error.to_string().starts_with("no-such-file.toml: cannot be read: "), "{error}");
}

/// A cluster of two nodes, with one text in another's place.
fn cluster_with(text: &str, instead: &str) -> String {
    let cluster = "[cluster]\nnode = 1\n[cluster.arbiter]\nfile = \"view\"\n\
                   [[cluster.member]]\nnode = 0\nname = \"a\"\naddress = \"127.0.0.1:9880\"\n\
                   [[cluster.member]]\nnode = 1\nname = \"b\"\naddress = \"127.0.0.1:9881\"\n";
    assert!(cluster.contains(text), "{text}");
    cluster.replacen(text, instead, 1)
}

/// It is refused, for a reason that has these words.
fn refused_for(text: &str, words: &str) {
    let error = Config::parse(Path::new("castle.toml"), text).expect_err("it is refused");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn a_cluster_of_two_waits_for_its_standby_unless_it_is_told_otherwise() {
    let config = Config::parse(Path::new("castle.toml"), &cluster_with("node", "node")).unwrap();
    assert_eq!(config.durability, Durability::StandbyMemory);
    assert_eq!(config.cluster.me().map(|member| member.name.as_str()), Some("b"));
    assert_eq!(config.cluster.others().len(), 1);
    assert_eq!(config.cluster.arbiter, Some(ArbiterConfig::File("view".into())));
    assert_eq!(config.cluster.standby_timeout * 2, config.cluster.primary_timeout);
    let disk = format!("durability = \"standby-disk\"\n{}", cluster_with("node", "node"));
    let config = Config::parse(Path::new("castle.toml"), &disk).unwrap();
    assert_eq!(config.durability, Durability::StandbyDisk);
}

#[test]
fn a_cluster_that_cannot_be_is_refused() {
    let alone = "durability = \"standby-memory\"\n";
    refused_for(alone, "a standby needs [[cluster.member]]");
    let local = format!("durability = \"local-disk\"\n{}", cluster_with("node", "node"));
    refused_for(&local, "\"standby-memory\" or \"standby-disk\"");
    refused_for(&cluster_with("node = 1", "node = 7"), "this one among them");
    refused_for(&cluster_with("name = \"b\"", "name = \"a\""), "a name that no other node has");
    refused_for(&cluster_with("9881", "9880"), "an address and a port that no other node has");
    refused_for(&cluster_with("file = \"view\"", "etcd = \"10.0.0.1\""), "the members' addresses");
    let timeouts = "node = 1\nprimary_timeout_ms = 100\nstandby_timeout_ms = 100";
    refused_for(&cluster_with("node = 1", timeouts), "standby_timeout_ms = 100 is wrong");
}

#[test]
fn a_cluster_without_an_arbiter_holds_what_it_cannot_replicate_unless_it_is_told_otherwise() {
    let without = |key: &str| {
        let text = cluster_with("[cluster.arbiter]\nfile = \"view\"\n", key);
        Config::parse(Path::new("castle.toml"), &text)
    };
    let config = without("").unwrap();
    assert!(config.cluster.is_without_arbiter());
    assert_eq!(config.cluster.when_alone, WhenAlone::Hold);
    let config = without("when_alone = \"go-on\"\n").unwrap();
    assert_eq!(config.cluster.when_alone, WhenAlone::GoOn);
    let error = without("when_alone = \"guess\"\n").unwrap_err().to_string();
    assert!(error.contains("\"hold\" (until an operator leaves the standby out)"), "{error}");
    refused_for(
        &cluster_with("node = 1", "node = 1\nwhen_alone = \"hold\""),
        "takes a lost standby",
    );
    assert!(!Config::parse(Path::new("castle.toml"), "").unwrap().cluster.is_without_arbiter());
}

#[test]
fn what_leaves_the_machine_is_refused_without_proof_of_who_speaks() {
    let far = cluster_with("127.0.0.1:9880", "10.0.0.1:9880");
    refused_for(&far, "without [cluster.tls]");
    let etcd = cluster_with("file = \"view\"", "etcd = \"http://10.0.0.1:2379\"");
    refused_for(&etcd, "https:// for members on other machines");
    let half = cluster_with("[cluster.arbiter]", "[cluster.tls]\nkey = \"k\"\n[cluster.arbiter]");
    refused_for(&half, "authority, certificate and key are given together");
}

#[test]
fn an_etcd_elsewhere_is_asked_by_mutual_tls_only() {
    let etcd = |text: &str| cluster_with("file = \"view\"", &format!("etcd = \"{text}\""));
    for here in ["http://127.0.0.1:2379", "http://localhost:2379, http://[::1]:2380/"] {
        assert!(Config::parse(Path::new("castle.toml"), &etcd(here)).is_ok(), "{here}");
    }
    for elsewhere in [
        "http://10.0.0.1:2379",
        "http://localhost.prod.example:2379",
        "http://127.0.0.1.example.net",
        "http://127.0.0.1:2379, http://10.0.0.1:2379",
    ] {
        refused_for(&etcd(elsewhere), "https:// for members on other machines");
    }
    for none in [
        "http://127.0.0.1:1@10.0.0.5:2379",
        "127.0.0.1:2379",
        "ftp://127.0.0.1",
        "http://127.0.0.1/v3",
    ] {
        refused_for(&etcd(none), "the members' addresses");
    }
    refused_for(&etcd("https://10.0.0.1:2379"), "https:// with [cluster.arbiter.tls]");
    let tls = "etcd = \"https://10.0.0.1:2379\"\n[cluster.arbiter.tls]\nauthority = \"a\"\n\
               certificate = \"c\"\nkey = \"k\"\n";
    let text = cluster_with("file = \"view\"", tls);
    assert!(Config::parse(Path::new("castle.toml"), &text).is_ok());
}

#[test]
fn a_view_in_a_file_is_for_nodes_of_one_machine() {
    let tls =
        "[cluster.tls]\nauthority = \"a\"\ncertificate = \"c\"\nkey = \"k\"\n[cluster.arbiter]";
    let far = cluster_with("[cluster.arbiter]", tls).replace("127.0.0.1:9880", "10.0.0.1:9880");
    refused_for(&far, "etcd, where nodes are on several machines");
}

#[test]
fn what_nodes_must_have_alike_is_compared_by_name_and_value() {
    let shared = |text: &str| Config::parse(Path::new("castle.toml"), text).unwrap().shared();
    let example = Config::example();
    let here = shared(example);
    assert_eq!(here.hash(), shared(&example_with("node = 0", "node = 3")).hash());
    let difference = |there: &Definitions| here.difference(there.marks()).1;
    let other = example_with("comp_id = \"CASTLE\"", "comp_id = \"PALACE\"");
    let other = other.replace("rollover = \"00:00:00\"", "rollover = \"00:01:00\"");
    assert_eq!(
        difference(&shared(&other)),
        "rollover is 0 s after midnight here, and another there; [fix] comp_id is CASTLE here, and another there"
    );
    let other = shared(&example_with("tick = \"0.01\"", "tick = \"0.02\""));
    let told = difference(&other);
    assert!(told.starts_with("[[instrument]] ") && told.contains("tick: "), "{told}");
    assert!(told.ends_with(" here, and another there"), "{told}");
    let cluster = shared(&cluster_with("node", "node"));
    let every = "node = 1\ncompare_states_every = 5";
    let (_, told) = cluster.difference(shared(&cluster_with("node = 1", every)).marks());
    assert_eq!(told, "[cluster] compare_states_every is 4096 here, and another there");
    let without = cluster_with("[cluster.arbiter]\nfile = \"view\"\n", "when_alone = \"go-on\"\n");
    let (_, told) = cluster.difference(shared(&without).marks());
    assert_eq!(
        told,
        "[cluster.arbiter] is a file here, and another there; [cluster] when_alone is hold here, and another there"
    );
}
