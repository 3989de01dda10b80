#ifndef MILLSTREAM_DEPLOY_DOCTOR_SECRET_FILE_H_
#define MILLSTREAM_DEPLOY_DOCTOR_SECRET_FILE_H_

#include <chrono>
#include <string>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

// Whether daemons and programs of this user accept the secret file at `now`, and go on to.
Finding CheckSecretFile(const std::string& path,
                        std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_SECRET_FILE_H_
