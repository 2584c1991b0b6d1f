#include "http/listener.hpp"

#include <gmock/gmock.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <cstdlib>

#include "http/served.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

std::string failure(const std::string& address, int port) {
  try {
    open_listener(address, port);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

TEST(Listener, NamesAddressPortAndReasonWhenItCannotListen) {
  const Listener taken = open_listener("127.0.0.1", 0);
  const std::string port = std::to_string(taken.port);
  EXPECT_EQ(failure("127.0.0.1", taken.port), "cannot listen on 127.0.0.1:" + port + ": Address already in use");
  const Listener all = open_listener("", 0);
  EXPECT_THAT(failure("", all.port), HasSubstr("cannot listen on *:" + std::to_string(all.port)));
  EXPECT_THAT(failure("pg1.example", 8008), HasSubstr("pg1.example:8008: not a numeric address"));
  EXPECT_THAT(failure("192.0.2.1", 8008), HasSubstr("192.0.2.1:8008: Cannot assign requested address"));
  EXPECT_THAT(failure("2001:db8::1", 8008), HasSubstr("[2001:db8::1]:8008: "));
  EXPECT_THAT(failure("", 65536), HasSubstr("a port is 0..65535"));
}

bool reaches(int family, int port) {
  Fd fd{socket(family, SOCK_STREAM, 0)};
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.sin_port = htons(static_cast<uint16_t>(port));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  v6.sin6_port = v4.sin_port;
  return family == AF_INET ? connect(fd.get(), reinterpret_cast<sockaddr*>(&v4), sizeof v4) == 0
                           : connect(fd.get(), reinterpret_cast<sockaddr*>(&v6), sizeof v6) == 0;
}

TEST(Listener, WithoutAnAddressIsReachedByBothFamilies) {
  if (!Fd{socket(AF_INET6, SOCK_STREAM, 0)}) GTEST_SKIP() << "no IPv6 on this machine";
  const Listener all = open_listener("", 0);
  EXPECT_TRUE(reaches(AF_INET, all.port));
  EXPECT_TRUE(reaches(AF_INET6, all.port));
}

TEST(Listener, WithAnAddressIsReachedThereOnly) {
  if (!Fd{socket(AF_INET6, SOCK_STREAM, 0)}) GTEST_SKIP() << "no IPv6 on this machine";
  EXPECT_FALSE(reaches(AF_INET6, open_listener("127.0.0.1", 0).port));
  const Listener v6 = open_listener("::1", 0);
  EXPECT_TRUE(reaches(AF_INET6, v6.port));
  EXPECT_FALSE(reaches(AF_INET, v6.port));
}

/// As on a host without IPv6, or in a unit with RestrictAddressFamilies=AF_INET: socket(AF_INET6, ...) fails.
void forbid_ipv6() {
  std::array<sock_filter, 6> code{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST(ListenerDeathTest, WithoutIpv6ListensOnAllAddressesOfIpv4) {
  EXPECT_EXIT(
      {
        forbid_ipv6();
        const bool refused = !Fd{socket(AF_INET6, SOCK_STREAM, 0)};
        const Listener all = open_listener("", 0);
        _exit(refused && reaches(AF_INET, all.port) ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace picket
