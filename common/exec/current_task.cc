#include "common/exec/current_task.h"

namespace millstream::exec {
namespace {

// In the initial thread block, so that a signal handler reads it without an allocation.
__attribute__((tls_model("initial-exec"))) thread_local const TaskEnv* current_task = nullptr;

}  // namespace

const TaskEnv* CurrentTask() { return current_task; }

TaskScope::TaskScope(const TaskEnv* env) : outer_(current_task) { current_task = env; }
TaskScope::~TaskScope() { current_task = outer_; }

}  // namespace millstream::exec
