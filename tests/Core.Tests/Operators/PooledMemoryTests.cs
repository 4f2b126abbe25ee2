using System.Buffers;
using System.Diagnostics.Tracing;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Operators give back what they rent: after some batches no more arrays are out than after the first ones, failed
/// batches included.
/// </summary>
public sealed class PooledMemoryTests
{
    public static TheoryData<string> Names => [.. ByName.Keys];

    private static Dictionary<string, Action<DStream<(int Key, Probe Value)>>> ByName { get; } = new()
    {
        ["GroupByKey"] = s => Put(s.GroupByKey()),
        ["CoGroup"] = s => Put(s.CoGroup(s)),
        ["Join"] = s => Put(s.Join(s)),
        ["FullOuterJoin"] = s => Put(s.FullOuterJoin(s.Distinct())),
        ["MapPartitions"] = s => Put(s.MapPartitions(partition => partition.AsEnumerable())),
        ["Transform"] = s => Put(s.Transform(batch => batch.AsEnumerable())),
        ["TransformWith"] = s => Put(s.TransformWith(s, (left, right, _) => left.Concat(right))),
        ["Union"] = s => Put(s.Union(s, s.PartitionBy())),
        ["Repartition"] = s => Put(s.Repartition(2)),
        ["TopK"] = s => Put(s.TopK(50, x => x.Key)),
        ["Window"] = s => Put(s.Window(TimeSpan.FromSeconds(2))),
        ["ReduceByKeyAndWindow"] = s => Put(s.ReduceByKeyAndWindow((a, _) => a, TimeSpan.FromSeconds(2))),
        ["Incremental ReduceByKeyAndWindow"] = s => Put(s.ReduceByKeyAndWindow((a, _) => a, (a, _) => a, TimeSpan.FromSeconds(2))),
        ["UpdateStateByKey"] = s => Put(s.UpdateStateByKey((ReadOnlySpan<Probe> values, Optional<Probe> _) => values[0])),
        ["MapWithState"] = s => Put(s.MapWithState(StateSpec.Function<int, Probe, Probe, Probe>((_, value, state) =>
        {
            state.Update(value.Value);
            return state.Value;
        })).StateSnapshots()),
        ["Remember"] = s => s.Remember(TimeSpan.FromSeconds(2)),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Batches_ManyAndSomeFailed_RentNoMoreInTheEnd(string name)
    {
        using var watch = new PoolWatch();
        await using var scenario = new StreamScenario(ContinuingIn(3));
        int[] good = [.. Enumerable.Range(0, 3000)];
        int[][] batches = [.. Enumerable.Range(0, 20).Select(i => i % 5 == 4 ? [.. good, -1] : good)];
        ByName[name](scenario.Input(batches)
            .Map(x => x < 0 ? throw new ArithmeticException("negative") : (Key: x % 700, Value: new Probe(x))));
        await scenario.RunBatchesAsync(9);
        int before = watch.Outstanding;
        await scenario.RunBatchesAsync(10);
        Assert.True(watch.HasSeenAny);
        Assert.Equal(before, watch.Outstanding);
        Assert.True(await scenario.RunAsync(1));
        Assert.Equal(4, scenario.Failures.Count);
    }

    private static void Put<T>(DStream<T> stream) => stream.ForEachBatch((batch, _) => batch.ToArray());

    /// <summary>A record that nothing else in the process has, so that its pools are ours.</summary>
    internal readonly record struct Probe(int Number);

    /// <summary>Counts what is rented and returned in the pools of the probe's types, by the pools' own events.</summary>
    private sealed class PoolWatch : EventListener
    {
        private static readonly int[] Pools =
        [
            Id<Probe>(), Id<(int Key, Probe Value)>(), Id<(Probe Value, int Next)>(), Id<(int Key, Group<Probe> Value)>(),
            Id<(int Key, (Probe Left, Probe Right) Value)>(), Id<(int Key, (Group<Probe> Left, Group<Probe> Right) Value)>(),
            Id<NumberedValue<Probe>>(), Id<(int Number, int Mark, Probe Value)>(), Id<(int Number, KeyedState<Probe> Entry)>(),
            Id<(int Key, (Optional<Probe> Left, Optional<Probe> Right) Value)>(),
        ];

        private int _outstanding;
        private int _rented;

        public int Outstanding => Volatile.Read(ref _outstanding);

        public bool HasSeenAny => Volatile.Read(ref _rented) > 0;

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "System.Buffers.ArrayPoolEventSource")
            {
                EnableEvents(eventSource, EventLevel.Verbose);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName is "BufferRented" or "BufferReturned" && Pools.Contains((int)eventData.Payload![2]!))
            {
                int change = eventData.EventName == "BufferRented" ? 1 : -1;
                Interlocked.Add(ref _outstanding, change);
                Interlocked.Add(ref _rented, Math.Max(change, 0));
            }
        }

        private static int Id<T>() => ArrayPool<T>.Shared.GetHashCode();
    }
}
