#ifndef MILLSTREAM_DEPLOY_WORKER_PLAIN_NAME_H_
#define MILLSTREAM_DEPLOY_WORKER_PLAIN_NAME_H_

#include <string>

namespace millstream::deploy {

// What is a name in a path and nothing else.
inline bool IsPlainName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos && name.size() < 256;
}

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_PLAIN_NAME_H_
