import { assertNever, type Clock, type Log, type Random } from "../../base/mod.ts";
import type { DataServiceReader, DatasetBuilder, TfDataServiceReader } from "../../executor/mod.ts";
import type { FileSystem } from "../../sources/mod.ts";
import { FunctionLane } from "./function_lane.ts";
import type { LaneOwner } from "./lane_port.ts";
import type { ToLane } from "./messages.ts";
import { PipelineLane } from "./pipeline_lane.ts";

/** What pipelines and functions in a lane are given; see {@link InProcessHostOptions}. */
export interface LaneEnvironment {
  /** Times lingering blocks. */
  readonly clock: Clock;
  /** Seeds what the user left unseeded. */
  readonly random: Random;
  /** Where pipelines say what a person should know. */
  readonly log: Log;
  /** Where sources find their files. */
  readonly files: FileSystem;
  /** The builder that user functions get. */
  readonly Dataset: DatasetBuilder;
  /** Reads the datasets of other services in a pipeline. */
  readonly dataService: DataServiceReader;
  /** Reads the datasets of stock tf.data services in a pipeline. */
  readonly tfDataService?: TfDataServiceReader;
}

/** Works as a lane for `owner`, and says that it is ready. Gives the function that takes the owner's messages. */
export function serveLane(owner: LaneOwner, environment: LaneEnvironment): (message: ToLane) => void {
  let pipeline: PipelineLane | null = null;
  const functions = new FunctionLane(owner, environment);
  owner.post({ kind: "ready" });
  return (message) => {
    switch (message.kind) {
      case "run":
        pipeline = new PipelineLane(owner, environment, message.pipeline);
        return;
      case "credit":
        return pipeline?.credit();
      case "splits":
        return pipeline?.splitsCame(message.id, message.grant);
      case "noSplits":
        return pipeline?.splitsFailed(message.id, message.error);
      case "define":
        return functions.define(message);
      case "forget":
        return functions.forget(message.fn);
      case "call":
        return functions.call(message);
      default:
        assertNever(message);
    }
  };
}
