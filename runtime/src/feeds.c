/*===- feeds.c - Does what the caller feeds fit the entry? ------------------===*/
#include "session.h"
#include "shape.h"

/* Says what is wrong with a feed that a quick look has refused. */
static tgc_status_t explain(const tgc_tensor_info_t *info, const tgc_tensor_t *feed, tgc_error_t *error) {
  tgc_shape_text_t got, wanted;
  uint64_t bytes;
  if (feed->dtype != info->dtype)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "Cannot feed value of dtype %s for tensor '%s', which has dtype %s",
                         tgc_dtype_name(feed->dtype), info->name, tgc_dtype_name(info->dtype));
  if (feed->rank < 0 || feed->rank > TGC_MAX_RANK)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "Cannot feed value of rank %d for tensor '%s', which has shape %s", feed->rank,
                         info->name, tgc_shape_write(&wanted, info->rank, info->dims));
  tgc_shape_write(&got, feed->rank, feed->dims);
  if (!tgc_shape_byte_size(feed->dtype, feed->rank, feed->dims, &bytes))
    return tgc_error_set(
        error, TGC_INVALID_ARGUMENT,
        "Cannot feed value of shape %s for tensor '%s': a dimension is negative or the size overflows",
        got.text, info->name);
  if (!tgc_shape_fits(info, feed->rank, feed->dims))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "Cannot feed value of shape %s for tensor '%s', which has shape %s", got.text,
                         info->name, tgc_shape_write(&wanted, info->rank, info->dims));
  if (!feed->data)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "Cannot feed tensor '%s' of shape %s: its data is NULL",
                         info->name, got.text);
  return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                       "Cannot feed tensor '%s': the value has %llu bytes, shape %s of %s needs %llu",
                       info->name, (unsigned long long)feed->byte_size, got.text, tgc_dtype_name(info->dtype),
                       (unsigned long long)bytes);
}

static tgc_status_t explain_count(const tgc_entry_info_t *entry, uint32_t num_feeds, tgc_error_t *error) {
  tgc_name_list_t list = {.length = 0};
  for (uint32_t i = 0; i < entry->num_feeds; ++i)
    tgc_name_list_add(&list, entry->feeds[i].name);
  return tgc_error_set(error, TGC_INVALID_ARGUMENT, "entry %s takes %u feeds (%s), %u are given", entry->name,
                       entry->num_feeds, tgc_name_list_finish(&list), num_feeds);
}

tgc_status_t tgc_feeds_check(const tgc_entry_info_t *entry, const tgc_tensor_t *feeds, uint32_t num_feeds,
                             tgc_error_t *error) {
  if (num_feeds != entry->num_feeds)
    return explain_count(entry, num_feeds, error);
  for (uint32_t i = 0; i < num_feeds; ++i) {
    const tgc_tensor_info_t *info = &entry->feeds[i];
    const tgc_tensor_t *feed = &feeds[i];
    uint64_t bytes;
    if (feed->dtype != info->dtype || feed->rank != info->rank ||
        !tgc_shape_fits(info, feed->rank, feed->dims) ||
        !tgc_shape_byte_size(feed->dtype, feed->rank, feed->dims, &bytes) || feed->byte_size < bytes ||
        (bytes && !feed->data))
      return explain(info, feed, error);
  }
  return TGC_OK;
}
