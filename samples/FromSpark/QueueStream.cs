using System.Collections.Concurrent;

namespace FastStream.Samples.FromSpark;

/// <summary>Reads batches from a queue, and counts how often each last digit occurs.</summary>
public static class QueueStream
{
    public static void Describe(StreamingContext context, ConcurrentQueue<IReadOnlyList<int>> queue) =>
        Count(context.QueueStream(queue)).Print();

    public static DStream<(int Digit, long Count)> Count(DStream<int> numbers) =>
        numbers.Map(number => (number % 10, 1L)).ReduceByKey((a, b) => a + b);
}
