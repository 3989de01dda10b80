#include "deploy/submit/version.h"

namespace millstream::deploy {

const char* const kVersion = "millstream " MILLSTREAM_VERSION;

}  // namespace millstream::deploy
