#ifndef MILLSTREAM_DEPLOY_DAEMON_SIGNALS_H_
#define MILLSTREAM_DEPLOY_DAEMON_SIGNALS_H_

#include <functional>

namespace millstream::deploy {

// SIGTERM and SIGINT call `stop` from now on, on a thread of its own; the second one ends the process at
// once. To be called before any other thread starts. `stop` is never destroyed.
void OnStopSignal(std::function<void()> stop);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DAEMON_SIGNALS_H_
