//===- Queue.cpp - Signatures of queues and file readers -------------------===//
//
// The input pipelines of TensorFlow 1, by reference and by handle.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    // Queues.
    {"FIFOQueue", "", "handle:&string",
     "component_types:list(type) shapes:list(shape)=[] capacity=-1 container='' shared_name=''"},
    {"FIFOQueueV2", "", "handle:resource",
     "component_types:list(type) shapes:list(shape)=[] capacity=-1 container='' shared_name=''"},
    {"PaddingFIFOQueue", "", "handle:&string",
     "component_types:list(type) shapes:list(shape)=[] capacity=-1 container='' shared_name=''"},
    {"PaddingFIFOQueueV2", "", "handle:resource",
     "component_types:list(type) shapes:list(shape)=[] capacity=-1 container='' shared_name=''"},
    {"PriorityQueue", "", "handle:&string",
     "component_types:list(type)=[] shapes:list(shape) capacity=-1 container='' shared_name=''"},
    {"PriorityQueueV2", "", "handle:resource",
     "component_types:list(type)=[] shapes:list(shape) capacity=-1 container='' shared_name=''"},
    {"RandomShuffleQueue", "", "handle:&string",
     "component_types:list(type) shapes:list(shape)=[] capacity=-1 min_after_dequeue=0 seed=0 "
     "seed2=0 container='' shared_name=''"},
    {"RandomShuffleQueueV2", "", "handle:resource",
     "component_types:list(type) shapes:list(shape)=[] capacity=-1 min_after_dequeue=0 seed=0 "
     "seed2=0 container='' shared_name=''"},
    {"QueueEnqueue", "handle:&string components:[Tcomponents]", "", "timeout_ms=-1"},
    {"QueueEnqueueV2", "handle:resource components:[Tcomponents]", "", "timeout_ms=-1"},
    {"QueueEnqueueMany", "handle:&string components:[Tcomponents]", "", "timeout_ms=-1"},
    {"QueueEnqueueManyV2", "handle:resource components:[Tcomponents]", "", "timeout_ms=-1"},
    {"QueueDequeue", "handle:&string", "components:[component_types]", "timeout_ms=-1"},
    {"QueueDequeueV2", "handle:resource", "components:[component_types]", "timeout_ms=-1"},
    {"QueueDequeueMany", "handle:&string n:int32", "components:[component_types]", "timeout_ms=-1"},
    {"QueueDequeueManyV2", "handle:resource n:int32", "components:[component_types]", "timeout_ms=-1"},
    {"QueueDequeueUpTo", "handle:&string n:int32", "components:[component_types]", "timeout_ms=-1"},
    {"QueueDequeueUpToV2", "handle:resource n:int32", "components:[component_types]", "timeout_ms=-1"},
    {"QueueClose", "handle:&string", "", "cancel_pending_enqueues=false"},
    {"QueueCloseV2", "handle:resource", "", "cancel_pending_enqueues=false"},
    {"QueueIsClosed", "handle:&string", "is_closed:bool", ""},
    {"QueueIsClosedV2", "handle:resource", "is_closed:bool", ""},
    {"QueueSize", "handle:&string", "size:int32", ""},
    {"QueueSizeV2", "handle:resource", "size:int32", ""},
    {"Barrier", "", "handle:&string",
     "component_types:list(type) shapes:list(shape)=[] capacity=-1 container='' shared_name=''"},
    {"Stage", "values:[dtypes]", "", "capacity=0 memory_limit=0 container='' shared_name=''"},
    {"Unstage", "", "values:[dtypes]", "capacity=0 memory_limit=0 container='' shared_name=''"},
    // Accumulators.
    {"ConditionalAccumulator SparseConditionalAccumulator", "", "handle:&string",
     "dtype:type shape:shape container='' shared_name='' reduction_type='MEAN'"},
    {"ResourceConditionalAccumulator", "", "handle:resource",
     "dtype:type shape:shape container='' shared_name='' reduction_type='MEAN'"},
    {"AccumulatorApplyGradient", "handle:&string local_step:int64 gradient:dtype", "", ""},
    {"ResourceAccumulatorApplyGradient", "handle:resource local_step:int64 gradient:dtype", "", ""},
    {"SparseAccumulatorApplyGradient",
     "handle:&string local_step:int64 gradient_indices:int64 gradient_values:dtype gradient_shape:int64", "",
     "has_known_shape:bool"},
    {"AccumulatorTakeGradient", "handle:&string num_required:int32", "average:dtype", ""},
    {"ResourceAccumulatorTakeGradient", "handle:resource num_required:int32", "average:dtype", ""},
    {"SparseAccumulatorTakeGradient", "handle:&string num_required:int32",
     "indices:int64 values:dtype shape:int64", ""},
    {"AccumulatorNumAccumulated", "handle:&string", "num_accumulated:int32", ""},
    {"ResourceAccumulatorNumAccumulated", "handle:resource", "num_accumulated:int32", ""},
    {"AccumulatorSetGlobalStep", "handle:&string new_global_step:int64", "", ""},
    {"ResourceAccumulatorSetGlobalStep", "handle:resource new_global_step:int64", "", ""},
    // Data sets: their outputs are fed.
    {"IteratorGetNext", "iterator:resource", "components:[output_types]", "output_shapes:list(shape)"},
    // Readers.
    {"FixedLengthRecordReader", "", "reader_handle:&string",
     "header_bytes=0 record_bytes:int footer_bytes=0 hop_bytes=0 container='' shared_name=''"},
    {"FixedLengthRecordReaderV2", "", "reader_handle:resource",
     "header_bytes=0 record_bytes:int footer_bytes=0 hop_bytes=0 container='' shared_name='' "
     "encoding=''"},
    {"IdentityReader", "", "reader_handle:&string", "container='' shared_name=''"},
    {"IdentityReaderV2", "", "reader_handle:resource", "container='' shared_name=''"},
    {"TextLineReader", "", "reader_handle:&string", "skip_header_lines=0 container='' shared_name=''"},
    {"TextLineReaderV2", "", "reader_handle:resource", "skip_header_lines=0 container='' shared_name=''"},
    {"TFRecordReader", "", "reader_handle:&string", "container='' shared_name='' compression_type=''"},
    {"TFRecordReaderV2", "", "reader_handle:resource", "container='' shared_name='' compression_type=''"},
    {"WholeFileReader", "", "reader_handle:&string", "container='' shared_name=''"},
    {"WholeFileReaderV2", "", "reader_handle:resource", "container='' shared_name=''"},
    {"LMDBReader", "", "reader_handle:&string", "container='' shared_name=''"},
    {"ReaderRead", "reader_handle:&string queue_handle:&string", "key:string value:string", ""},
    {"ReaderReadV2", "reader_handle:resource queue_handle:resource", "key:string value:string", ""},
    {"ReaderReadUpTo", "reader_handle:&string queue_handle:&string num_records:int64",
     "keys:string values:string", ""},
    {"ReaderReadUpToV2", "reader_handle:resource queue_handle:resource num_records:int64",
     "keys:string values:string", ""},
    {"ReaderNumRecordsProduced", "reader_handle:&string", "records_produced:int64", ""},
    {"ReaderNumRecordsProducedV2", "reader_handle:resource", "records_produced:int64", ""},
    {"ReaderNumWorkUnitsCompleted", "reader_handle:&string", "units_completed:int64", ""},
    {"ReaderNumWorkUnitsCompletedV2", "reader_handle:resource", "units_completed:int64", ""},
    {"ReaderReset", "reader_handle:&string", "", ""},
    {"ReaderResetV2", "reader_handle:resource", "", ""},
    {"ReaderRestoreState", "reader_handle:&string state:string", "", ""},
    {"ReaderRestoreStateV2", "reader_handle:resource state:string", "", ""},
    {"ReaderSerializeState", "reader_handle:&string", "state:string", ""},
    {"ReaderSerializeStateV2", "reader_handle:resource", "state:string", ""},
    {"RecordInput", "", "records:string",
     "file_pattern:string file_random_seed=301 file_shuffle_shift_ratio=0.0 file_buffer_size=10000 "
     "file_parallelism=16 batch_size=32 compression_type=''"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::queueRows() { return kRows; }
