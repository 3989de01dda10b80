// Everything a streaming program is written against.
#ifndef MILLSTREAM_STREAMING_H_
#define MILLSTREAM_STREAMING_H_

#include <millstream/batch.h>
#include <millstream/batch_queue.h>
#include <millstream/config.h>
#include <millstream/context.h>
#include <millstream/dstream.h>
#include <millstream/program.h>
#include <millstream/rdd.h>
#include <millstream/streaming_context.h>
#include <millstream/text.h>

#endif  // MILLSTREAM_STREAMING_H_
