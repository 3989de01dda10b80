#ifndef MILLSTREAM_DEPLOY_DOCTOR_LIBRARIES_H_
#define MILLSTREAM_DEPLOY_DOCTOR_LIBRARIES_H_

#include <string>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

// Whether the executable `program` is there, and this host has every shared library that it needs, directly
// or not. Asks the dynamic linker, which does not run it.
Finding CheckLibraries(const std::string& program);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_LIBRARIES_H_
