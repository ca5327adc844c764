/** Runs `each` for 0 to `count` - 1, sixteen at a time; gives their results in order. */
export async function inParallel<T>(count: number, each: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const run = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await each(index);
    }
  };
  await Promise.all(Array.from({ length: 16 }, run));
  return results;
}
