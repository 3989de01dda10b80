#ifndef MILLSTREAM_DEPLOY_DOCTOR_HOST_NAME_H_
#define MILLSTREAM_DEPLOY_DOCTOR_HOST_NAME_H_

#include <string>
#include <vector>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

struct HostName {
  std::string name;
  std::vector<std::string> addresses;  // what it resolves to here, numeric
  std::vector<std::string> own;        // the addresses of this host's interfaces
};
HostName LookUpHostName();

// Whether other hosts that are told this name, or what it resolves to here, reach this host.
Finding CheckHostName(const HostName& host);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_HOST_NAME_H_
