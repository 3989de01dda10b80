#ifndef MILLSTREAM_DEPLOY_DOCTOR_PORTS_H_
#define MILLSTREAM_DEPLOY_DOCTOR_PORTS_H_

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

// Whether a server could listen on a TCP port now; 0: on any.
Finding CheckPort(int port);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_PORTS_H_
