import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ConsumedSet, decodeProvenance, Ledger } from "../../../src/element/mod.ts";
import { checkNode, type GraphNode, inlineFunction } from "../../../src/graph/mod.ts";
import { LanedSource } from "../../../src/worker/lanes/laned_source.ts";
import { openPipeline } from "../../../src/worker/lanes/open_pipeline.ts";
import { BlockPacker } from "../../../src/worker/runners/block_packer.ts";
import { range } from "../../executor/support.ts";
import { elementsOf } from "../support/decode.ts";
import { map } from "./block_source_contract.ts";
import { BusyClock, definition, hostOptions, KeepingSink, loaderOf, LoopbackLanes } from "./support.ts";

/** Reads a pipeline to its end; gives each element with what it consumed. */
async function elementsWithSources(root: GraphNode, lanes: number) {
  const clock = new BusyClock();
  const factory = new LoopbackLanes();
  const options = hostOptions(root, { factory, lanes, clock });
  const ledger = new Ledger();
  const sink = new KeepingSink((sink) =>
    new LanedSource(sink, {
      ...options,
      targetBytes: 512,
      ledger,
      open: async (signal) => {
        const opened = await openPipeline(definition(), loaderOf(root), options, { signal, ledger });
        return { ...opened, iterator: clock.busy(opened.iterator) };
      },
    })
  );
  await sink.toEnd();
  const elements = sink.items.flatMap((item) => {
    assert(item.kind === "block");
    const provenance = decodeProvenance(item.block.provenance!, item.block.count);
    return elementsOf(item.block.chunks, item.block).map((element, i) => {
      const consumed = new ConsumedSet();
      provenance.addTo(consumed, i, i + 1);
      return { element, consumed };
    });
  });
  return { elements, lanes: factory.opened };
}

for (const lanes of [1, 2, 4]) {
  Deno.test(`each element says which index it is of, in ${lanes} lanes`, async () => {
    const { elements, lanes: opened } = await elementsWithSources(map(range(3_000), (x) => x), lanes);
    assertEquals([elements.length, opened], [3_000, lanes - 1]);
    for (const { element, consumed } of elements) {
      const index = element as number;
      assertEquals(consumed.sources(), [{
        source: 0,
        repetition: 0,
        ranges: [{ start: index, end: index + 1 }],
        partial: [],
      }]);
    }
  });

  Deno.test(`together the elements consume what there is, batched and shuffled in ${lanes} lanes`, async () => {
    const pairs = checkNode({
      op: "flatMap",
      inputs: [range(2_000)],
      fn: inlineFunction((x: number) => [x, x + 0.5]),
    });
    const shuffled = checkNode({
      op: "shuffle",
      inputs: [pairs],
      bufferSize: 50,
      seed: 1,
      reshuffleEachIteration: true,
    });
    const root = checkNode({ op: "batch", inputs: [shuffled], size: 3, dropRemainder: false });
    const { elements } = await elementsWithSources(root, lanes);
    const all = new ConsumedSet();
    for (const { element, consumed } of elements) {
      const outputs = consumed.sources().flatMap(({ partial, ranges }) => [
        ...partial.flatMap(({ index, offsets }) =>
          offsets.flatMap(({ start, end }) => [index, index + 0.5].slice(start, end))
        ),
        ...ranges.flatMap(({ start }) => [start, start + 0.5]),
      ]);
      assertEquals(new Set([...element as Float64Array]).difference(new Set(outputs)), new Set());
      all.unite(consumed);
    }
    const [{ ranges, partial }] = all.sources();
    // The ends of the last indexes come behind the last elements.
    const whole = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    assertEquals(whole + partial.length, 2_000);
    assert(partial.length <= lanes);
  });
}

Deno.test("blocks are cut with their provenance, whatever the size of their elements", () => {
  const sizes = fc.array(fc.constantFrom(1, 100, 70_000, 200_000), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, (elements) => {
      const ledger = new Ledger();
      const packer = new BlockPacker({ ledger });
      const pass = { source: 0, repetition: 0 };
      const found: number[] = [];
      const finish = () => {
        for (const block of packer.finish()) {
          const provenance = decodeProvenance(block.provenance!, block.count);
          elementsOf(block.chunks, block).forEach((element, i) => {
            const consumed = new ConsumedSet();
            provenance.addTo(consumed, i, i + 1);
            const [{ ranges: [{ start, end }] }] = consumed.sources();
            assertEquals([end - start, (element as Uint8Array).length], [1, elements[start]]);
            found.push(start);
          });
        }
      };
      elements.forEach((size, index) => {
        ledger.add(pass, index);
        if (packer.add(new Uint8Array(size))) finish();
      });
      finish();
      assertEquals(found, [...elements.keys()]);
    }),
    { numRuns: 50 },
  );
});
