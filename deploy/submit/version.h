#ifndef MILLSTREAM_DEPLOY_SUBMIT_VERSION_H_
#define MILLSTREAM_DEPLOY_SUBMIT_VERSION_H_

namespace millstream::deploy {

// What --version prints, "millstream 1.2.3".
extern const char* const kVersion;

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_VERSION_H_
