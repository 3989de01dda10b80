#ifndef MILLSTREAM_TESTS_EXECUTOR_SUPPORT_INT_KERNELS_H_
#define MILLSTREAM_TESTS_EXECUTOR_SUPPORT_INT_KERNELS_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/kernel.h>

#include <cstdint>
#include <string>
#include <vector>

namespace millstream::executor {

// Kernels over rows of int64_t, encoded as their 8 bytes.
extern const exec::KernelDescriptor kEncodeInts;  // rows -> slices of at most `slice_rows` rows, partition 0
extern const exec::KernelDescriptor kDecodeInts;  // slices -> rows
extern const exec::KernelDescriptor kDealInts;    // rows -> slices of partition (row mod output_partitions)
extern const exec::KernelDescriptor kAddInts;     // rows + state
extern const exec::KernelDescriptor kTextRows;    // a kernel over rows of another type
// State: a letter and a number. Rows of that value end the task: 't'hrows std::runtime_error, 'i' throws int,
// 'a'llocation failure, 'c'ounts: only the first run of the process throws, 's'egfault, 'r'ecursion.
extern const exec::KernelDescriptor kFailAt;
// Waits, before its first row, until ReleaseGate().
extern const exec::KernelDescriptor kGate;

void ResetGate();
void ReleaseGate();
int GateArrivals();  // tasks that reached a gate since the reset
void WaitForGateArrivals(int n);

// How often kAddInts was made: partitions that were computed.
int AddRuns();

std::string IntState(int64_t value);
exec::Slices EncodeInts(const std::vector<int64_t>& rows, size_t rows_per_slice = 1000);
std::vector<int64_t> DecodeInts(const exec::Slices& slices);
std::vector<int64_t> DecodeInts(std::string_view bytes);

}  // namespace millstream::executor

#endif  // MILLSTREAM_TESTS_EXECUTOR_SUPPORT_INT_KERNELS_H_
