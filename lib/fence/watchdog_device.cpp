#include "fence/watchdog_device.hpp"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "loop/fd.hpp"

namespace picket {
namespace {

// The first device under its old name is a "misc" one (10:130, Documentation/admin-guide/devices.txt).
std::string attributes_of(dev_t device) {
  if (major(device) == 10 && minor(device) == 130) return "/sys/class/watchdog/watchdog0/";
  return "/sys/dev/char/" + std::to_string(major(device)) + ":" + std::to_string(minor(device)) + "/";
}

class LinuxWatchdog : public WatchdogDevice {
 public:
  explicit LinuxWatchdog(std::string path) : path_(std::move(path)) {}

  Opened open(Millis timeout) override {
    struct stat info {};
    if (stat(path_.c_str(), &info) < 0) return failed("stat");
    if (!S_ISCHR(info.st_mode)) return failed_because("is no device");
    std::string no_way_out;
    // Not every old driver has the attribute (CONFIG_WATCHDOG_SYSFS); without it nothing is known.
    std::ifstream(attributes_of(info.st_rdev) + "nowayout") >> no_way_out;
    if (no_way_out == "1")
      return failed_because(
          "its driver says nowayout: once opened it could not be let go, and every stop of the agent would reset this "
          "machine; load it with nowayout=0");
    fd_ = Fd{::open(path_.c_str(), O_WRONLY | O_CLOEXEC)};
    if (!fd_ && errno == EBUSY)
      return failed_because("another program has it open, perhaps systemd (RuntimeWatchdogSec=)");
    if (!fd_) return failed("open");
    watchdog_info support{};
    if (ioctl(fd_.get(), WDIOC_GETSUPPORT, &support) < 0) {
      const Opened result = failed("is no watchdog: WDIOC_GETSUPPORT");
      fd_.reset();
      return result;
    }
    return opened(timeout, (support.options & WDIOF_MAGICCLOSE) != 0);
  }

  std::string feed() override { return send("\n"); }

  std::string release() override {
    std::string error = send("V");
    if (error.empty()) fd_.reset();
    return error;
  }

 private:
  Opened opened(Millis timeout, bool closable) {
    Opened result;
    result.closable = closable;
    int seconds = static_cast<int>((timeout.count() + 999) / 1000);
    const int asked = seconds;
    // It writes back what it has taken, which may be more than it was asked for.
    if (ioctl(fd_.get(), WDIOC_SETTIMEOUT, &seconds) < 0 && ioctl(fd_.get(), WDIOC_GETTIMEOUT, &seconds) < 0)
      result.note = path_ + ": its timeout can neither be set nor read; it is taken for what was asked for";
    else if (seconds != asked)
      result.note =
          path_ + ": its timeout is " + std::to_string(seconds) + " s instead of " + std::to_string(asked) + " s";
    result.timeout = Millis{seconds * 1000};
    if (!closable)
      result.note += (result.note.empty() ? "" : "; ") + path_ +
                     ": it cannot be let go again (no WDIOF_MAGICCLOSE): this machine is reset when the agent stops";
    return result;
  }

  std::string send(const char* one) {
    if (write(fd_.get(), one, 1) == 1) return "";
    return path_ + ": write: " + std::strerror(errno);
  }
  Opened failed_because(const std::string& why) const { return {path_ + ": " + why, Millis{0}, true, ""}; }
  Opened failed(const char* call) const { return failed_because(std::string(call) + ": " + std::strerror(errno)); }

  const std::string path_;
  Fd fd_;
};

}  // namespace

std::unique_ptr<WatchdogDevice> linux_watchdog(std::string path) {
  return std::make_unique<LinuxWatchdog>(std::move(path));
}

}  // namespace picket
