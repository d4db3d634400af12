#!/usr/bin/env python3
"""simplefix over raw sockets, each message sent in pieces that end at every byte.

    simplefix_client.py CASTLE_BINARY DICTIONARY
"""

import datetime as dt
import socket
import sys
import time

import simplefix

from exchange import PATIENCE_S, Exchange, check, conclude


def now():
    return dt.datetime.now(dt.timezone.utc).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]


class Session:
    def __init__(self, name, port):
        self.name, self.port = name, port
        self.next_out = 1
        self.next_in = 1
        self.requests = 0
        self.messages = 0
        self.connect()

    def connect(self):
        self.parser = simplefix.FixParser()
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def cut(self):
        self.socket.close()

    def send(self, kind, *fields, split=None):
        """Sends a message in two pieces, cut after `split` bytes, or byte by byte."""
        message = simplefix.FixMessage()
        message.append_pair(8, "FIX.4.4")
        message.append_pair(35, kind)
        message.append_pair(49, self.name)
        message.append_pair(56, "CASTLE")
        message.append_pair(34, self.next_out)
        message.append_pair(52, now())
        for tag, value in fields:
            message.append_pair(tag, value)
        self.next_out += 1
        data = message.encode()
        if split is None:
            pieces = [data[at:at + 1] for at in range(len(data))]
        else:
            split %= len(data)
            pieces = [data[:split], data[split:]]
        for piece in pieces:
            if piece:
                self.socket.sendall(piece)
                time.sleep(0.0005)
        return len(data)

    def request(self, kind, *fields, split=None):
        """Sends a request with a ClOrdID of its own, which is returned."""
        self.requests += 1
        name = f"{self.name}-{self.requests}"
        self.length = self.send(kind, (11, name), *fields, split=split)
        return name

    def order(self, side, quantity, price, tif="1", split=None):
        return self.request("D", (55, "BTCUSDT"), (54, side), (60, now()), (38, quantity),
                            (40, 2), (44, price), (59, tif), split=split)

    def receive(self, wanted=None):
        """The next message, or the next of a type; all numbers must be those expected."""
        while True:
            message = self.parser.get_message()
            if message is None:
                data = self.socket.recv(4096)
                if not data:
                    raise EOFError(f"{self.name}: the exchange closed the connection")
                self.parser.append_buffer(data)
                continue
            if text(message, 43) != "Y":
                number = int(text(message, 34))
                if number != self.next_in and text(message, 35) != "A":
                    raise AssertionError(f"{self.name}: {number} where {self.next_in} is next")
                if number == self.next_in:
                    self.next_in += 1
            if text(message, 35) == "1":
                self.send("0", (112, text(message, 112)))
            elif wanted is None or text(message, 35) in wanted:
                return message

    def report(self):
        return self.receive(("8", "9", "3", "j"))

    def log_on(self):
        self.send("A", (98, 0), (108, 30))
        return self.receive(("A", "5"))


def text(message, tag):
    value = message.get(tag)
    return "" if value is None else value.decode()


def shows(name, message, **expected):
    """Checks fields given as t<tag>=value."""
    wrong = {key: text(message, int(key[1:])) for key, value in expected.items()
             if text(message, int(key[1:])) != str(value)}
    check(name, not wrong, f"{wrong} in {message}")


def trade(alice, bob):
    order = alice.order(1, "0.5", "60000")
    shows("an order is taken", alice.report(), t35=8, t150=0, t39=0, t11=order, t151="0.5")
    bob.order(2, "0.2", "60000")
    shows("the taker's order is taken", bob.report(), t150=0)
    shows("the taker trades", bob.report(), t150="F", t39=2, t32="0.2", t31="60000")
    shows("the maker trades", alice.report(), t150="F", t39=1, t151="0.3", t14="0.2")
    replaced = alice.request("G", (41, order), (55, "BTCUSDT"), (54, 1), (60, now()), (38, "0.4"),
                             (40, 2), (44, "60000"), (59, 1))
    shows("an order is replaced", alice.report(), t150=5, t11=replaced, t41=order, t151="0.2")
    canceled = alice.request("F", (41, replaced), (55, "BTCUSDT"), (54, 1), (60, now()))
    shows("an order is canceled", alice.report(), t150=4, t39=4, t11=canceled, t151=0)
    alice.request("F", (41, replaced), (55, "BTCUSDT"), (54, 1), (60, now()))
    shows("a second cancel is refused", alice.report(), t35=9, t434=1)
    alice.order(1, "0.1", "60000.001")
    refused = alice.report()
    shows("a price off the tick is refused", refused, t150=8, t39=8)
    check("and the text says why", text(refused, 58) != "", refused)


def every_split(alice):
    """The same order and its cancel, once for each place where the bytes can be parted."""
    place = 1
    length = 2
    while place < length:
        order = alice.order(1, "0.01", "59000", split=place)
        length = alice.length
        taken = alice.report()
        alice.request("F", (41, order), (55, "BTCUSDT"), (54, 1), (60, now()), split=place)
        gone = alice.report()
        if text(taken, 150) != "0" or text(gone, 150) != "4":
            check("messages parted at every byte", False, f"at {place}: {taken}, {gone}")
            return
        place += 1
    check("messages parted at every byte", True)


def come_back(alice, bob):
    alice.order(2, "1", "61000")
    shows("an order rests", alice.report(), t150=0)
    missed = alice.next_in
    alice.cut()
    for quantity in ("0.1", "0.2"):
        bob.order(1, quantity, "61000", tif=3)
        shows("the other one trades meanwhile", bob.report(), t150=0)
        shows("and is told", bob.report(), t150="F", t39=2)
    alice.connect()
    logon = alice.log_on()
    shows("the session goes on", logon, t35="A")
    check("with a higher number, since messages were missed", int(text(logon, 34)) > missed, logon)
    after = int(text(logon, 34)) + 1
    alice.send("2", (7, missed), (16, 0))
    fills = []
    expected = missed
    while expected < after:
        message = alice.receive(("8", "4"))
        if text(message, 34) != str(expected):
            check("resent messages have their old numbers", False, message)
            return
        marked = text(message, 43) == "Y" and text(message, 122) != ""
        if not marked:
            check("resent messages are marked", False, message)
        if text(message, 35) == "4":
            expected = int(text(message, 36))
        else:
            fills.append(text(message, 32))
            expected += 1
    check("the missed fills come with PossDupFlag and OrigSendingTime", fills == ["0.1", "0.2"],
          fills)
    alice.next_in = after
    alice.request("F", (41, f"ALICE-{alice.requests}"), (55, "BTCUSDT"), (54, 2), (60, now()))
    shows("new requests are answered with the next number", alice.report(), t150=4, t34=after)


def main():
    with Exchange(sys.argv[1]) as exchange:
        alice, bob = Session("ALICE", exchange.port), Session("BOB", exchange.port)
        try:
            for session in (alice, bob):
                shows("a session logs on, byte by byte", session.log_on(), t35="A", t108=30, t34=1)
            trade(alice, bob)
            every_split(alice)
            come_back(alice, bob)
            for session in (alice, bob):
                session.send("5")
                shows("a session logs out", session.receive(("5",)), t35=5)
        except (AssertionError, EOFError, OSError) as error:
            check("the sessions go through", False, repr(error))
        finally:
            alice.cut()
            bob.cut()
    conclude()


if __name__ == "__main__":
    main()
