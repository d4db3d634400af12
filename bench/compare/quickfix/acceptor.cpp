// A FIX 4.4 acceptor over QuickFIX that answers each NewOrderSingle with an ExecutionReport "New".
//
// No matching, no risk, no disk: messages are kept in memory, nothing is logged, and no data dictionary is
// loaded, so fields are not checked against one. That is the fastest that the library offers.
//
// acceptor PORT CORE SESSIONS: prints "ready" when it listens; ends when its input ends.

#include <quickfix/Application.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <quickfix/fix44/ExecutionReport.h>
#include <quickfix/fix44/NewOrderSingle.h>

#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

namespace {

class Answers : public FIX::Application {
 public:
  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override {}
  void onLogout(const FIX::SessionID&) override {}
  void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
  void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
  void fromAdmin(const FIX::Message&, const FIX::SessionID&) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue,
      FIX::RejectLogon) override {}

  void fromApp(const FIX::Message& message, const FIX::SessionID& session) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue,
      FIX::UnsupportedMessageType) override {
    FIX::MsgType type;
    message.getHeader().getField(type);
    if (type != FIX::MsgType_NewOrderSingle) return;
    FIX::ClOrdID client_id;
    FIX::Symbol symbol;
    FIX::Side side;
    FIX::OrdType order_type;
    FIX::OrderQty quantity;
    FIX::Price price;
    message.getField(client_id);
    message.getField(symbol);
    message.getField(side);
    message.getField(order_type);
    message.getField(quantity);
    message.getField(price);
    const std::string id = std::to_string(++last_);
    const FIX::OrderID order_id(id);
    const FIX::ExecID execution_id(id);
    const FIX::ExecType execution(FIX::ExecType_NEW);
    const FIX::OrdStatus status(FIX::OrdStatus_NEW);
    const FIX::LeavesQty leaves(quantity);
    FIX44::ExecutionReport report(order_id, execution_id, execution, status, side, leaves,
                                  FIX::CumQty(0), FIX::AvgPx(0));
    report.set(client_id);
    report.set(symbol);
    report.set(order_type);
    report.set(quantity);
    report.set(price);
    report.set(FIX::TransactTime(3));
    FIX::Session::sendToTarget(report, session);
  }

 private:
  unsigned long last_ = 0;
};

std::string settings(const char* port, int sessions) {
  std::ostringstream text;
  text << "[DEFAULT]\nConnectionType=acceptor\nSocketAcceptPort=" << port
       << "\nSocketReuseAddress=Y\nSocketNodelay=Y\nStartTime=00:00:00\nEndTime=00:00:00\n"
       << "UseDataDictionary=N\nCheckLatency=N\nResetOnLogon=Y\nPersistMessages=N\n"
       << "BeginString=FIX.4.4\nSenderCompID=CASTLE\n";
  for (int session = 0; session < sessions; ++session) {
    char name[8];
    std::snprintf(name, sizeof name, "T%02d", session);
    text << "[SESSION]\nTargetCompID=" << name << "\n";
  }
  return text.str();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::cerr << "usage: acceptor PORT CORE SESSIONS\n";
    return 2;
  }
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(std::atoi(arguments[2]), &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0) {
    std::cerr << "the system refuses core " << arguments[2] << "\n";
    return 1;
  }
  try {
    std::istringstream text(settings(arguments[1], std::atoi(arguments[3])));
    FIX::SessionSettings settings(text);
    Answers answers;
    FIX::MemoryStoreFactory store;
    // One thread for all sockets: on one core more would only take turns.
    FIX::SocketAcceptor acceptor(answers, store, settings);
    acceptor.start();
    std::cout << "ready" << std::endl;
    std::cin.ignore(1 << 30, '\x04');
    acceptor.stop(true);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
