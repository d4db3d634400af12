#!/usr/bin/env python3
"""QuickFIX (C++, through its Python wheel) with our own dictionary, two sessions.

    quickfix_client.py CASTLE_BINARY DICTIONARY
"""

import os
import sys
import tempfile
import threading

import quickfix as fix

from exchange import Exchange, Wire, check, conclude, wait_for

SETTINGS = """
[DEFAULT]
ConnectionType=initiator
BeginString=FIX.4.4
TargetCompID=CASTLE
HeartBtInt=30
ReconnectInterval=1
StartTime=00:00:00
EndTime=00:00:00
UseDataDictionary=Y
DataDictionary={dictionary}
ValidateFieldsOutOfOrder=Y
ValidateUserDefinedFields=Y
FileStorePath={store}
SocketConnectHost=127.0.0.1
[SESSION]
SenderCompID=ALICE
SocketConnectPort={alice}
[SESSION]
SenderCompID=BOB
SocketConnectPort={bob}
"""


class Client(fix.Application):
    """Keeps what each session was told."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.reports = {"ALICE": [], "BOB": []}
        self.session = {}
        self.logged_on = set()
        self.rejects = []
        self.requests = 0

    def onCreate(self, session):
        self.session[session.getSenderCompID().getString()] = session

    def onLogon(self, session):
        self.logged_on.add(session.getSenderCompID().getString())

    def onLogout(self, session):
        self.logged_on.discard(session.getSenderCompID().getString())

    def toAdmin(self, message, session):
        if message.getHeader().getField(35) == "3":
            self.rejects.append(message.toString())

    def fromAdmin(self, message, session):
        if message.getHeader().getField(35) == "3":
            self.rejects.append(message.toString())

    def toApp(self, message, session):
        if message.getHeader().getField(35) == "j":
            self.rejects.append(message.toString())

    def fromApp(self, message, session):
        fields = {int(field.split("=", 1)[0]): field.split("=", 1)[1]
                  for field in message.toString().split("\x01") if field}
        with self.lock:
            self.reports[session.getSenderCompID().getString()].append(fields)

    def send(self, name, kind, **fields):
        """Sends a request; fields as t<tag>=value. Returns its ClOrdID."""
        self.requests += 1
        request = f"{name}-{self.requests}"
        message = fix.Message()
        message.getHeader().setField(fix.MsgType(kind))
        message.setField(fix.StringField(11, request))
        message.setField(fix.TransactTime())
        for key, value in fields.items():
            message.setField(fix.StringField(int(key[1:]), str(value)))
        fix.Session.sendToTarget(message, self.session[name])
        return request

    def order(self, name, side, quantity, price, tif=1):
        return self.send(name, "D", t55="BTCUSDT", t54=side, t38=quantity, t40=2, t44=price, t59=tif)

    def told(self, name, **expected):
        """Whether the session was told a message with these fields."""
        def matches(fields):
            return all(fields.get(int(key[1:])) == str(value) for key, value in expected.items())
        with self.lock:
            return any(matches(fields) for fields in self.reports[name])

    def expect(self, what, name, **expected):
        found = wait_for(lambda: self.told(name, **expected))
        check(what, found, f"{name} was not told {expected}, but {self.reports[name][-3:]}")


def play(client, wire):
    both = wait_for(lambda: client.logged_on == {"ALICE", "BOB"})
    check("both sessions log on", both, client.logged_on)
    if not both:
        return
    order = client.order("ALICE", 1, "0.5", "60000")
    client.expect("an order is taken", "ALICE", t11=order, t150=0, t39=0)
    client.order("BOB", 2, "0.2", "60000")
    client.expect("the taker trades", "BOB", t150="F", t39=2, t32="0.2")
    client.expect("the maker trades", "ALICE", t11=order, t150="F", t39=1, t151="0.3")
    replaced = client.send("ALICE", "G", t41=order, t55="BTCUSDT", t54=1, t38="0.4", t40=2,
                           t44="60000", t59=1)
    client.expect("an order is replaced", "ALICE", t11=replaced, t41=order, t150=5, t151="0.2")
    canceled = client.send("ALICE", "F", t41=replaced, t55="BTCUSDT", t54=1, t38="0.4")
    client.expect("an order is canceled", "ALICE", t11=canceled, t150=4, t39=4)
    late = client.send("ALICE", "F", t41=replaced, t55="BTCUSDT", t54=1, t38="0.4")
    client.expect("a second cancel is refused", "ALICE", t11=late, t35=9, t434=1)
    poor = client.order("ALICE", 1, "1000", "60000")
    client.expect("too little money is refused", "ALICE", t11=poor, t150=8, t39=8)

    rests = client.order("ALICE", 2, "1", "61000")
    client.expect("an order rests", "ALICE", t11=rests, t150=0)
    wire.cut()
    gone = wait_for(lambda: "ALICE" not in client.logged_on)
    check("a session loses its connection", gone)
    for quantity in ("0.1", "0.25"):
        taker = client.order("BOB", 1, quantity, "61000", tif=3)
        client.expect("the other one trades meanwhile", "BOB", t11=taker, t150="F", t32=quantity)
    check("the lost one was told nothing", not client.told("ALICE", t11=rests, t150="F"))
    wire.mend()
    check("the session comes back", wait_for(lambda: "ALICE" in client.logged_on))
    for quantity in ("0.1", "0.25"):
        client.expect("it gets what it missed, marked as resent", "ALICE", t11=rests, t150="F",
                      t32=quantity, t43="Y")
    last = client.send("ALICE", "F", t41=rests, t55="BTCUSDT", t54=2, t38="1")
    client.expect("and goes on with its numbers", "ALICE", t11=last, t150=4, t14="0.35")
    check("neither side rejected a message of the other", not client.rejects, client.rejects)


def main():
    dictionary = os.path.abspath(sys.argv[2])
    with Exchange(sys.argv[1]) as exchange, tempfile.TemporaryDirectory() as store:
        wire = Wire(exchange.port)
        settings = os.path.join(store, "quickfix.cfg")
        with open(settings, "w") as file:
            file.write(SETTINGS.format(dictionary=dictionary, store=store, alice=wire.port,
                                       bob=exchange.port))
        client = Client()
        parsed = fix.SessionSettings(settings)
        initiator = fix.SocketInitiator(client, fix.FileStoreFactory(parsed), parsed)
        initiator.start()
        try:
            play(client, wire)
        finally:
            initiator.stop()
            wire.close()
    conclude()


if __name__ == "__main__":
    main()
