#include "common/base/user_name.h"

#include <pwd.h>
#include <unistd.h>

namespace millstream::base {

std::string UserName() {
  passwd entry{};
  passwd* found = nullptr;
  char text[4096];
  if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) == 0 && found != nullptr)
    return found->pw_name;
  return std::to_string(geteuid());
}

}  // namespace millstream::base
