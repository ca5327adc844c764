/** Reading stock tf.data services. Nothing of HTTP/2 is loaded before the first element is asked for. */
export { createTfDataServiceReader, type TfDataServiceEnvironment } from "./create_reader.ts";
