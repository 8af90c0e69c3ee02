/*===- functions.c - The tables that a frame and a module point to ----------===*/
#include "session.h"

const tgc_runtime_functions_t tgc_frame_functions = {
    .size = sizeof(tgc_runtime_functions_t),
    .version = TGC_ABI_VERSION,
    .workspace = tgc_frame_workspace,
    .buffer = tgc_frame_buffer,
    .fetch = tgc_frame_fetch,
    .variable_read = tgc_frame_variable_read,
    .variable_write = tgc_frame_variable_write,
    .fail = tgc_frame_fail,
    .parallel_for = tgc_frame_parallel_for,
    .host_output = tgc_frame_host_output,
    .counter = tgc_frame_counter,
    .seed = tgc_frame_seed,
    .scratch = tgc_frame_scratch,
    .object = tgc_frame_object,
    .variable_peek = tgc_frame_variable_peek,
    .variable_is_initialized = tgc_frame_variable_is_initialized,
    .variable_destroy = tgc_frame_variable_destroy,
    .profile = tgc_frame_profile,
    .variable_residence = tgc_frame_variable_residence,
};

const tgc_runtime_api_t tgc_runtime_api = {
    .size = sizeof(tgc_runtime_api_t),
    .version = TGC_ABI_VERSION,
    .module_from_info = tgc_module_from_info,
    .module_release = tgc_module_release,
    .module_find_entry = tgc_module_find_entry,
    .session_create = tgc_session_create,
    .session_release = tgc_session_release,
    .session_run = tgc_session_run,
    .variable_get = tgc_variable_get,
    .variable_set = tgc_variable_set,
    .session_restore = tgc_session_restore,
    .status_name = tgc_status_name,
    .dtype_name = tgc_dtype_name,
    .session_save = tgc_session_save,
};
