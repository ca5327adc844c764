/** A small neural network: 784 inputs, one hidden layer of rectified units, ten outputs; trained by momentum descent. */

import { SeededRandom } from "../../src/base/mod.ts";
import { PIXELS } from "./digits.ts";

const HIDDEN = 64;
const CLASSES = 10;
const MOMENTUM = 0.9;

/** One layer's weights, row by row of its inputs, the biases last, and what training knows of them. */
class Layer {
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly #speeds: Float32Array;

  constructor(readonly inputs: number, readonly outputs: number, random: SeededRandom) {
    const size = (inputs + 1) * outputs;
    const scale = Math.sqrt(6 / inputs);
    this.weights = new Float32Array(size);
    for (let i = 0; i < inputs * outputs; i++) this.weights[i] = (random.float() * 2 - 1) * scale;
    this.gradients = new Float32Array(size);
    this.#speeds = new Float32Array(size);
  }

  /** Outputs of one example. Zeros cost nothing, and most pixels are. */
  forward(input: Float32Array, output: Float32Array): void {
    const { weights, inputs, outputs } = this;
    for (let j = 0; j < outputs; j++) output[j] = weights[inputs * outputs + j];
    for (let i = 0; i < inputs; i++) {
      const value = input[i];
      if (value === 0) continue;
      for (let j = 0, at = i * outputs; j < outputs; j++, at++) output[j] += value * weights[at];
    }
  }

  /** Adds one example's share to the gradients. */
  backward(input: Float32Array, error: Float32Array): void {
    const { gradients, inputs, outputs } = this;
    for (let i = 0; i < inputs; i++) {
      const value = input[i];
      if (value === 0) continue;
      for (let j = 0, at = i * outputs; j < outputs; j++, at++) gradients[at] += value * error[j];
    }
    for (let j = 0; j < outputs; j++) gradients[inputs * outputs + j] += error[j];
  }

  /** Moves the weights against the gradients. */
  step(rate: number): void {
    for (let i = 0; i < this.weights.length; i++) {
      this.#speeds[i] = MOMENTUM * this.#speeds[i] - rate * this.gradients[i];
      this.weights[i] += this.#speeds[i];
    }
    this.gradients.fill(0);
  }
}

/** The network. */
export class Classifier {
  readonly #first: Layer;
  readonly #second: Layer;
  readonly #hidden = new Float32Array(HIDDEN);
  readonly #hiddenError = new Float32Array(HIDDEN);
  readonly #output = new Float32Array(CLASSES);

  /** A network that knows nothing. */
  constructor(seed: number) {
    const random = new SeededRandom(seed);
    this.#first = new Layer(PIXELS, HIDDEN, random);
    this.#second = new Layer(HIDDEN, CLASSES, random);
  }

  /** Learns from a batch of images, one after the other in `images`; gives the mean loss (cross entropy, in nats). */
  train(images: Float32Array, labels: ArrayLike<number>, rate = 0.05): number {
    let loss = 0;
    for (let example = 0; example < labels.length; example++) {
      const input = images.subarray(example * PIXELS, (example + 1) * PIXELS);
      const output = this.#probabilities(input);
      const label = labels[example];
      loss -= Math.log(Math.max(output[label], 1e-12));
      for (let j = 0; j < CLASSES; j++) output[j] = (output[j] - (j === label ? 1 : 0)) / labels.length;
      for (let i = 0; i < HIDDEN; i++) {
        let error = 0;
        if (this.#hidden[i] > 0) {
          for (let j = 0; j < CLASSES; j++) error += output[j] * this.#second.weights[i * CLASSES + j];
        }
        this.#hiddenError[i] = error;
      }
      this.#second.backward(this.#hidden, output);
      this.#first.backward(input, this.#hiddenError);
    }
    this.#first.step(rate);
    this.#second.step(rate);
    return loss / labels.length;
  }

  /** The digit that an image most likely shows. */
  classify(image: Float32Array): number {
    const output = this.#probabilities(image);
    return output.indexOf(Math.max(...output));
  }

  #probabilities(input: Float32Array): Float32Array {
    this.#first.forward(input, this.#hidden);
    for (let i = 0; i < HIDDEN; i++) this.#hidden[i] = Math.max(0, this.#hidden[i]);
    const output = this.#output;
    this.#second.forward(this.#hidden, output);
    const highest = Math.max(...output);
    let sum = 0;
    for (let j = 0; j < CLASSES; j++) sum += output[j] = Math.exp(output[j] - highest);
    for (let j = 0; j < CLASSES; j++) output[j] /= sum;
    return output;
  }
}
