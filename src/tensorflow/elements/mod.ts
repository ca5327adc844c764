/** Elements and their specs, between Sluice and TensorFlow. */
export { elementResponseChunks, END_OF_SEQUENCE, SKIP_TASK } from "./element_response.ts";
export { type Layout, layoutOf } from "./layout.ts";
export { type ElementAnswer, readElementResponse } from "./read_element.ts";
export { readElementSpec, type Structure, structureOfSpec } from "./structure.ts";
export { encodeElementSpec } from "./structured_value.ts";
export { tensorParts } from "./tensor_part.ts";
