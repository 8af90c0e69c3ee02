//===- Image.cpp - Signatures of image ops ---------------------------------===//
//
// Colours, sizes, boxes, codecs.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"AdjustContrastv2", "images:T contrast_factor:float32", "output:T", "T=float32"},
    {"AdjustContrast", "images:T contrast_factor:float32 min_value:float32 max_value:float32",
     "output:float32", ""},
    {"AdjustHue", "images:T delta:float32", "output:T", "T=float32"},
    {"AdjustSaturation", "images:T scale:float32", "output:T", "T=float32"},
    {"RGBToHSV HSVToRGB", "images:T", "output:T", "T=float32"},
    // Sizes.
    {"ResizeBilinear ResizeBicubic", "images:T size:int32", "resized_images:float32",
     "align_corners=false half_pixel_centers=false"},
    {"ResizeArea", "images:T size:int32", "resized_images:float32", "align_corners=false"},
    {"ResizeNearestNeighbor", "images:T size:int32", "resized_images:T",
     "align_corners=false half_pixel_centers=false"},
    {"ResizeBilinearGrad ResizeBicubicGrad", "grads:float32 original_image:T", "output:T",
     "align_corners=false half_pixel_centers=false"},
    {"ResizeNearestNeighborGrad", "grads:T size:int32", "output:T",
     "align_corners=false half_pixel_centers=false"},
    {"ScaleAndTranslate", "images:T size:int32 scale:float32 translation:float32", "resized_images:float32",
     "kernel_type='lanczos3' antialias=true"},
    {"ScaleAndTranslateGrad", "grads:T original_image:T scale:float32 translation:float32", "output:T",
     "kernel_type='lanczos3' antialias=true"},
    {"ImageProjectiveTransformV2", "images:dtype transforms:float32 output_shape:int32",
     "transformed_images:dtype", "interpolation:string fill_mode='CONSTANT'"},
    {"ImageProjectiveTransformV3", "images:dtype transforms:float32 output_shape:int32 fill_value:float32",
     "transformed_images:dtype", "interpolation:string fill_mode='CONSTANT'"},
    {"CropAndResize", "image:T boxes:float32 box_ind:int32 crop_size:int32", "crops:float32",
     "method{bilinear|nearest}=bilinear extrapolation_value=0.0"},
    {"CropAndResizeGradImage", "grads:float32 boxes:float32 box_ind:int32 image_size:int32", "output:T",
     "method{bilinear|nearest}=bilinear"},
    {"CropAndResizeGradBoxes", "grads:float32 image:T boxes:float32 box_ind:int32", "output:float32",
     "method{bilinear}=bilinear"},
    {"ExtractGlimpse ExtractGlimpseV2", "input:float32 size:int32 offsets:float32", "glimpse:float32",
     "centered=true normalized=true uniform_noise=true noise='uniform'"},
    // Boxes.
    {"NonMaxSuppression", "boxes:float32 scores:float32 max_output_size:int32", "selected_indices:int32",
     "iou_threshold=0.5"},
    {"NonMaxSuppressionV2", "boxes:T scores:T max_output_size:int32 iou_threshold:T_threshold",
     "selected_indices:int32", "T=float32 T_threshold=float32"},
    {"NonMaxSuppressionV3",
     "boxes:T scores:T max_output_size:int32 iou_threshold:T_threshold score_threshold:T_threshold",
     "selected_indices:int32", "T=float32 T_threshold=float32"},
    {"NonMaxSuppressionV4",
     "boxes:T scores:T max_output_size:int32 iou_threshold:T_threshold score_threshold:T_threshold",
     "selected_indices:int32 valid_outputs:int32",
     "T=float32 T_threshold=float32 pad_to_max_output_size=false"},
    {"NonMaxSuppressionV5",
     "boxes:T scores:T max_output_size:int32 iou_threshold:T score_threshold:T soft_nms_sigma:T",
     "selected_indices:int32 selected_scores:T valid_outputs:int32",
     "T=float32 pad_to_max_output_size=false"},
    {"NonMaxSuppressionWithOverlaps",
     "overlaps:float32 scores:float32 max_output_size:int32 overlap_threshold:float32 "
     "score_threshold:float32",
     "selected_indices:int32", ""},
    {"CombinedNonMaxSuppression",
     "boxes:float32 scores:float32 max_output_size_per_class:int32 max_total_size:int32 "
     "iou_threshold:float32 score_threshold:float32",
     "nmsed_boxes:float32 nmsed_scores:float32 nmsed_classes:float32 valid_detections:int32",
     "pad_per_class=false clip_boxes=true"},
    {"DrawBoundingBoxes", "images:T boxes:float32", "output:T", "T=float32"},
    {"DrawBoundingBoxesV2", "images:T boxes:float32 colors:float32", "output:T", "T=float32"},
    {"SampleDistortedBoundingBox", "image_size:T bounding_boxes:float32", "begin:T size:T bboxes:float32",
     "seed=0 seed2=0 min_object_covered=0.1 aspect_ratio_range:list(float)=[0.75,1.33] "
     "area_range:list(float)=[0.05,1.0] max_attempts=100 use_image_if_no_bounding_boxes=false"},
    {"SampleDistortedBoundingBoxV2", "image_size:T bounding_boxes:float32 min_object_covered:float32",
     "begin:T size:T bboxes:float32",
     "seed=0 seed2=0 aspect_ratio_range:list(float)=[0.75,1.33] area_range:list(float)=[0.05,1.0] "
     "max_attempts=100 use_image_if_no_bounding_boxes=false"},
    // Codecs.
    {"DecodeJpeg", "contents:string", "image:uint8",
     "channels=0 ratio=1 fancy_upscaling=true try_recover_truncated=false acceptable_fraction=1.0 "
     "dct_method=''"},
    {"DecodeAndCropJpeg", "contents:string crop_window:int32", "image:uint8",
     "channels=0 ratio=1 fancy_upscaling=true try_recover_truncated=false acceptable_fraction=1.0 "
     "dct_method=''"},
    {"ExtractJpegShape", "contents:string", "image_shape:output_type", "output_type=int32"},
    {"DecodePng", "contents:string", "image:dtype", "channels=0 dtype=uint8"},
    {"DecodeBmp", "contents:string", "image:uint8", "channels=0"},
    {"DecodeGif", "contents:string", "image:uint8", ""},
    {"DecodeImage", "contents:string", "image:dtype", "channels=0 dtype=uint8 expand_animations=true"},
    {"EncodeJpeg", "image:uint8", "contents:string",
     "format='' quality=95 progressive=false optimize_size=false chroma_downsampling=true "
     "density_unit{in|cm}=in x_density=300 y_density=300 xmp_metadata=''"},
    {"EncodeJpegVariableQuality", "images:uint8 quality:int32", "contents:string", ""},
    {"EncodePng", "image:T", "contents:string", "compression=-1 T=uint8"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::imageRows() { return kRows; }
