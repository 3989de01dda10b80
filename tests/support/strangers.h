#ifndef MILLSTREAM_TESTS_SUPPORT_STRANGERS_H_
#define MILLSTREAM_TESTS_SUPPORT_STRANGERS_H_

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/tcp_proxy.h"

namespace millstream::test {

// Connections of those who do not belong here: what they send is no call, or nothing. Closed with their
// object.
class Strangers {
 public:
  Strangers() = default;
  ~Strangers() {
    for (const int connection : connections_) close(connection);
  }
  Strangers(const Strangers&) = delete;
  Strangers& operator=(const Strangers&) = delete;

  // 200 more, to the port `address`.
  void ComeTo(const std::string& address) {
    const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const std::string nonsense[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),   // a TLS hello
        preface + std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9),  // a frame of 16 MiB
        std::string(100'000, '\xa5'),
        "",
    };
    for (int i = 0; i < 40; ++i) {
      for (const std::string& text : nonsense) {
        const int connection = tests::ConnectTo(address);
        ASSERT_GE(connection, 0);
        send(connection, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        connections_.push_back(connection);
      }
    }
  }

 private:
  std::vector<int> connections_;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_STRANGERS_H_
