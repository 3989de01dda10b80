#include "driver/jobs/placement.h"

#include <algorithm>
#include <cstdint>
#include <queue>
#include <tuple>
#include <utility>

namespace millstream::driver {
namespace {

struct Place {
  ExecutorId executor{};
  int cores = 0;
  int queued = 0;
  int room = 0;   // tasks it may still get
  int share = 0;  // of those without preference
  std::vector<int> partitions;
};

std::vector<Place> Places(size_t tasks, const std::vector<ExecutorLoad>& executors) {
  int64_t free = 0;
  int64_t usable = 0;
  for (const ExecutorLoad& load : executors) {
    free += std::max(0, load.cores - load.queued);
    usable += load.cores > 0 ? 1 : 0;
  }
  const auto waiting = static_cast<int64_t>(tasks);
  std::vector<Place> places;
  for (const ExecutorLoad& load : executors) {
    Place place{.executor = load.executor, .cores = load.cores, .queued = load.queued, .partitions = {}};
    if (load.cores > 0) {
      const int64_t limit = usable <= 1       ? load.queued + waiting
                            : waiting <= free ? load.cores
                                              : load.cores + waiting / (2 * usable);
      const int64_t refill = std::max<int64_t>(load.cores, (limit + 1) / 2);
      if (usable == 1 || load.queued < refill)
        place.room = static_cast<int>(std::max<int64_t>(0, limit - load.queued));
    }
    places.push_back(std::move(place));
  }
  return places;
}

Place* Find(std::vector<Place>& places, ExecutorId executor) {
  const auto found = std::lower_bound(places.begin(), places.end(), executor,
                                      [](const Place& place, ExecutorId id) { return place.executor < id; });
  return found != places.end() && found->executor == executor ? &*found : nullptr;
}

// Whether `a` should get a task before `b`: fewer tasks per core.
bool LessLoaded(const Place& a, const Place& b) {
  return int64_t{a.queued} * b.cores < int64_t{b.queued} * a.cores;
}

bool PlaceByPreference(const WaitingTask& task, std::vector<Place>& places) {
  Place* best = nullptr;
  for (const ExecutorId executor : task.preferred) {
    Place* place = Find(places, executor);
    if (place == nullptr || place->room == 0) continue;
    if (best == nullptr || LessLoaded(*place, *best)) best = place;
  }
  if (best == nullptr) return false;
  best->partitions.push_back(task.partition);
  --best->room;
  ++best->queued;
  return true;
}

// How many of `count` tasks each place gets, the least loaded first.
void Share(size_t count, std::vector<Place>& places) {
  const auto worse = [&](size_t a, size_t b) {
    if (LessLoaded(places[b], places[a])) return true;
    if (LessLoaded(places[a], places[b])) return false;
    return a > b;
  };
  std::priority_queue<size_t, std::vector<size_t>, decltype(worse)> open(worse);
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].room > 0) open.push(i);
  }
  for (; count > 0 && !open.empty(); --count) {
    const size_t i = open.top();
    open.pop();
    ++places[i].share;
    ++places[i].queued;
    if (--places[i].room > 0) open.push(i);
  }
}

}  // namespace

bool HasRoom(size_t tasks, const std::vector<ExecutorLoad>& executors) {
  const std::vector<Place> places = Places(tasks, executors);
  return std::any_of(places.begin(), places.end(), [](const Place& place) { return place.room > 0; });
}

std::vector<Assignment> PlaceTasks(const std::vector<WaitingTask>& tasks,
                                   const std::vector<ExecutorLoad>& executors) {
  std::vector<Place> places = Places(tasks.size(), executors);
  std::vector<int> anywhere;
  for (const WaitingTask& task : tasks) {
    if (!PlaceByPreference(task, places)) anywhere.push_back(task.partition);
  }
  Share(anywhere.size(), places);
  // Neighbours go to the same executor: ranges are short to say.
  auto next = anywhere.begin();
  std::vector<Assignment> assignments;
  for (Place& place : places) {
    for (; place.share > 0; --place.share) place.partitions.push_back(*next++);
    if (place.partitions.empty()) continue;
    std::sort(place.partitions.begin(), place.partitions.end());
    assignments.push_back({place.executor, std::move(place.partitions)});
  }
  return assignments;
}

}  // namespace millstream::driver
