namespace FastStream;

/// <summary>What a context does when a batch has failed for good.</summary>
public enum BatchFailurePolicy
{
    /// <summary>The context stops, and its <see cref="StreamingContext.Completion"/> faults with the <see cref="StreamingException"/>. The default: nothing is lost unseen.</summary>
    FailContext,

    /// <summary>The failure is reported to listeners and metrics, the batch's data are given up, and the next batch runs.</summary>
    ReportAndContinue,
}

/// <summary>What happens to ticks that passed while the process was stalled or the batches were behind.</summary>
public enum MissedTickPolicy
{
    /// <summary>Every missed batch runs, back to back, in order: no batch time is ever left out (as in Spark). The default.</summary>
    RunEach,

    /// <summary>
    /// Only the newest missed batch runs, with all the data, and before it, without input, those at which a slide longer than the batch interval ends: no such window is passed over. The others
    /// are counted in <see cref="StreamingMetrics.SkippedTicks"/>.
    /// </summary>
    RunNewest,
}

/// <summary>All settings of a <see cref="StreamingContext"/>; validated once, when the context is made. The defaults run well on a laptop.</summary>
public sealed record StreamingOptions
{
    /// <summary>The longest time that timers take: 24 days.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>The program's name in metrics, as the tag <c>faststream.job.name</c>; not blank; default <c>faststream</c>.</summary>
    public string Name { get; init; } = "faststream";

    /// <summary>Time between batches: whole milliseconds, 1 ms to 24 days; default 1 s. Shorter gives lower latency, longer less fixed cost a record.</summary>
    public TimeSpan BatchInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Partitions of inputs and, unless an operator says otherwise, of keyed streams: 1 to 1024; default the number of processors.</summary>
    public int Partitions { get; init; } = Environment.ProcessorCount;

    /// <summary>The most stage partitions that run at the same time: 1 or more; 0, the default, leaves it to the thread pool.</summary>
    public int MaxDegreeOfParallelism { get; init; }

    /// <summary>Bytes in a block of received bytes: 4 KiB to 64 MiB; default 128 KiB, which stays in a second-level cache while it is decoded.</summary>
    public int BlockSizeBytes { get; init; } = 128 << 10;

    /// <summary>
    /// The most received bytes held at a time, over all inputs of the context; default 256 MiB. When reached, receivers stop reading until a batch
    /// gives blocks back, so that senders are held up by TCP: nothing is dropped.
    /// </summary>
    public long MaxBufferedBytes { get; init; } = 256L << 20;

    /// <summary>The most records that an input of objects (channel, observable, custom receiver) holds for coming batches: 1 or more; default 1,048,576. When reached, its writer waits.</summary>
    public int MaxBufferedRecords { get; init; } = 1 << 20;

    /// <summary>The most bytes of one record: 1 byte to 1 GiB; default 1 MiB. An end of line or a length prefix does not count. What happens beyond is each socket source's policy for oversized records; a file with such a record fails its batch.</summary>
    public int MaxRecordBytes { get; init; } = 1 << 20;

    /// <summary>
    /// The most batches generated but not begun: 1 or more; default 1,000. When reached, the next batch is cut later and holds more. So it is, with any number, while the clock is behind by a
    /// batch interval or an input's buffers are full: batches that could hold next to nothing are not cut in advance.
    /// </summary>
    public int MaxPendingBatches { get; init; } = 1_000;

    /// <summary>
    /// The most output jobs at the same time: 1 (default) runs a batch's outputs one after another before the next batch begins. With more, outputs of a batch
    /// run together and the next batch's operators run meanwhile; batches still complete in time order. Spark's <c>concurrentJobs</c>.
    /// </summary>
    public int ConcurrentJobs { get; init; } = 1;

    /// <summary>How often a failed batch is run again before <see cref="OnBatchFailure"/> decides: 0 (default) to 100. Outputs that were done are not done again.</summary>
    public int BatchRetries { get; init; }

    /// <summary>What a batch that failed for good means for the context; default <see cref="BatchFailurePolicy.FailContext"/>.</summary>
    public BatchFailurePolicy OnBatchFailure { get; init; } = BatchFailurePolicy.FailContext;

    /// <summary>What happens to missed ticks; default <see cref="MissedTickPolicy.RunEach"/>.</summary>
    public MissedTickPolicy MissedTicks { get; init; } = MissedTickPolicy.RunEach;

    /// <summary>What happens, when a program with checkpoints starts again, to the batch times of the time it was down; default <see cref="CatchUpPolicy.RunDue"/>.</summary>
    public CatchUpPolicy CatchUp { get; init; } = CatchUpPolicy.RunDue;

    /// <summary>
    /// How far back from the present batch times that were passed over still run: more than 0, default 7 days; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Earlier ones are left out and
    /// counted in <see cref="StreamingMetrics.SkippedTicks"/>, with a warning; windows that ended at them do not come out.
    /// </summary>
    public TimeSpan CatchUpLimit { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a graceful stop may take before it becomes an immediate one: more than 0, up to 24 days; default: no limit.</summary>
    public TimeSpan GracefulStopTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Limits and adapts how fast receivers take records; default: no limit.</summary>
    public RateOptions Rate { get; init; } = new();

    /// <summary>Where and how the context survives crashes; default null: it does not, and batches cost no disk.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    /// <summary>Overwrites blocks that go back to the pool, so that text kept too long shows; costs a pass over the memory. Default off; turn it on in tests.</summary>
    public bool PoisonReturnedBlocks { get; init; }

    /// <summary>The clock of everything: batch times, delays, time-outs; default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Throws for the first setting that is out of its range.</summary>
    internal StreamingOptions Validated()
    {
        BatchTime.WholeMilliseconds(BatchInterval, nameof(BatchInterval));
        Check(BatchInterval <= LongestWait, nameof(BatchInterval), BatchInterval, "at most 24 days are expected");
        Check(!string.IsNullOrWhiteSpace(Name), nameof(Name), Name, "a name is expected");
        Check(Partitions is >= 1 and <= 1024, nameof(Partitions), Partitions, "1 to 1024 are expected; 1 runs everything in order on one thread at a time");
        Check(MaxDegreeOfParallelism >= 0, nameof(MaxDegreeOfParallelism), MaxDegreeOfParallelism, "1 or more are expected, or 0 for as many as the thread pool gives");
        Check(BlockSizeBytes is >= 4096 and <= 64 << 20, nameof(BlockSizeBytes), BlockSizeBytes, "4 KiB to 64 MiB are expected");
        Check(MaxRecordBytes is >= 1 and <= 1 << 30, nameof(MaxRecordBytes), MaxRecordBytes, "1 byte to 1 GiB is expected");
        Check(MaxBufferedBytes >= 4L * BlockSizeBytes, nameof(MaxBufferedBytes), MaxBufferedBytes, $"at least four blocks ({4L * BlockSizeBytes} bytes) are expected");
        Check(MaxBufferedBytes / BlockSizeBytes <= int.MaxValue, nameof(MaxBufferedBytes), MaxBufferedBytes, "fewer blocks are expected; raise BlockSizeBytes");
        Check(MaxBufferedRecords >= 1, nameof(MaxBufferedRecords), MaxBufferedRecords, "1 or more are expected");
        Check(MaxPendingBatches >= 1, nameof(MaxPendingBatches), MaxPendingBatches, "1 or more are expected");
        Check(ConcurrentJobs is >= 1 and <= 1024, nameof(ConcurrentJobs), ConcurrentJobs, "1 to 1024 are expected");
        Check(BatchRetries is >= 0 and <= 100, nameof(BatchRetries), BatchRetries, "0 to 100 are expected");
        CheckTimeout(GracefulStopTimeout, nameof(GracefulStopTimeout));
        Check(Enum.IsDefined(OnBatchFailure), nameof(OnBatchFailure), OnBatchFailure, "one of the named policies is expected");
        Check(Enum.IsDefined(MissedTicks), nameof(MissedTicks), MissedTicks, "one of the named policies is expected");
        Check(Enum.IsDefined(CatchUp), nameof(CatchUp), CatchUp, "one of the named policies is expected");
        Check(CatchUpLimit > TimeSpan.Zero || CatchUpLimit == Timeout.InfiniteTimeSpan, nameof(CatchUpLimit), CatchUpLimit, "more than 0 is expected, or Timeout.InfiniteTimeSpan for no limit");
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(Rate);
        Rate.Validate();
        Checkpoint?.Validate();
        return this;
    }

    /// <summary>Throws for a time-out that a timer would not take.</summary>
    internal static void CheckTimeout(TimeSpan timeout, string name) =>
        Check((timeout > TimeSpan.Zero && timeout <= LongestWait) || timeout == Timeout.InfiniteTimeSpan, name, timeout, "more than 0 and at most 24 days are expected, or Timeout.InfiniteTimeSpan for no limit");

    internal static void Check(bool valid, string name, object? found, string expected)
    {
        if (!valid)
        {
            throw Throw.OutOfRange(name, found, expected);
        }
    }
}
