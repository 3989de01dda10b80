#ifndef MILLSTREAM_CLIENT_PROGRAM_SIGNALS_H_
#define MILLSTREAM_CLIENT_PROGRAM_SIGNALS_H_

namespace millstream::client {

// From now on the first SIGTERM or SIGINT stops the active StreamingContext, gracefully unless configured
// otherwise, and the second one ends the process at once with 128 + its number; so does the first one while
// nothing is active. To be called before other threads start.
void HandleSignals();

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_PROGRAM_SIGNALS_H_
