namespace FastStream.Tests.Core;

public sealed class OptionsTests
{
    private static readonly StreamingOptions Valid = new();

    private static readonly Dictionary<string, StreamingOptions> OutOfRange = new()
    {
        ["BatchInterval 00:00:00"] = Valid with { BatchInterval = TimeSpan.Zero },
        ["BatchInterval -00:00:01"] = Valid with { BatchInterval = TimeSpan.FromSeconds(-1) },
        ["BatchInterval 00:00:00.0000001"] = Valid with { BatchInterval = TimeSpan.FromTicks(1) },
        ["BatchInterval 25.00:00:00"] = Valid with { BatchInterval = TimeSpan.FromDays(25) },
        ["Name  "] = Valid with { Name = " " },
        ["Partitions 0"] = Valid with { Partitions = 0 },
        ["Partitions 1025"] = Valid with { Partitions = 1025 },
        ["MaxDegreeOfParallelism -1"] = Valid with { MaxDegreeOfParallelism = -1 },
        ["BlockSizeBytes 4095"] = Valid with { BlockSizeBytes = 4095 },
        ["BlockSizeBytes 67108865"] = Valid with { BlockSizeBytes = (64 << 20) + 1 },
        ["MaxBufferedBytes 524287"] = Valid with { MaxBufferedBytes = (4 * Valid.BlockSizeBytes) - 1 },
        ["MaxBufferedRecords 0"] = Valid with { MaxBufferedRecords = 0 },
        ["MaxRecordBytes 0"] = Valid with { MaxRecordBytes = 0 },
        ["MaxPendingBatches 0"] = Valid with { MaxPendingBatches = 0 },
        ["ConcurrentJobs 0"] = Valid with { ConcurrentJobs = 0 },
        ["ConcurrentJobs 1025"] = Valid with { ConcurrentJobs = 1025 },
        ["BatchRetries -1"] = Valid with { BatchRetries = -1 },
        ["BatchRetries 101"] = Valid with { BatchRetries = 101 },
        ["GracefulStopTimeout 00:00:00"] = Valid with { GracefulStopTimeout = TimeSpan.Zero },
        ["GracefulStopTimeout 30.00:00:00"] = Valid with { GracefulStopTimeout = TimeSpan.FromDays(30) },
        ["ImmediateStopTimeout 00:00:00"] = Valid with { ImmediateStopTimeout = TimeSpan.Zero },
        ["ImmediateStopTimeout 30.00:00:00"] = Valid with { ImmediateStopTimeout = TimeSpan.FromDays(30) },
        ["SlowBatchWarning 00:00:00"] = Valid with { SlowBatchWarning = TimeSpan.Zero },
        ["SlowBatchWarning 30.00:00:00"] = Valid with { SlowBatchWarning = TimeSpan.FromDays(30) },
        ["OnBatchFailure 9"] = Valid with { OnBatchFailure = (BatchFailurePolicy)9 },
        ["CatchUp 9"] = Valid with { CatchUp = (CatchUpPolicy)9 },
        ["CatchUpLimit 00:00:00"] = Valid with { CatchUpLimit = TimeSpan.Zero },
        ["Pace 9"] = Valid with { Pace = (BatchPace)9 },
        ["MaxBatches 0"] = Valid with { Checkpoint = new CheckpointOptions { Directory = "anywhere", MaxBatches = 0 } },
        ["MissedTicks 9"] = Valid with { MissedTicks = (MissedTickPolicy)9 },
        ["MaxRecordsPerSecond -1"] = Valid with { Rate = new RateOptions { MaxRecordsPerSecond = -1 } },
        ["Proportional -1"] = Valid with { Rate = new RateOptions { Proportional = -1 } },
        ["Integral -1"] = Valid with { Rate = new RateOptions { Integral = -1 } },
        ["Derivative -1"] = Valid with { Rate = new RateOptions { Derivative = -1 } },
        ["MinRecordsPerSecond 0"] = Valid with { Rate = new RateOptions { MinRecordsPerSecond = 0 } },
    };

    private static readonly Dictionary<string, StreamingOptions> InRange = new()
    {
        ["BatchInterval 1 ms"] = Valid with { BatchInterval = TimeSpan.FromMilliseconds(1) },
        ["BatchInterval 24 days"] = Valid with { BatchInterval = TimeSpan.FromDays(24) },
        ["Partitions 1"] = Valid with { Partitions = 1 },
        ["Partitions 1024"] = Valid with { Partitions = 1024 },
        ["BlockSizeBytes 4096"] = Valid with { BlockSizeBytes = 4096 },
        ["MaxBufferedBytes of four blocks"] = Valid with { MaxBufferedBytes = 4 * Valid.BlockSizeBytes },
        ["ConcurrentJobs 1024"] = Valid with { ConcurrentJobs = 1024 },
        ["ImmediateStopTimeout infinite"] = Valid with { ImmediateStopTimeout = Timeout.InfiniteTimeSpan },
        ["SlowBatchWarning infinite"] = Valid with { SlowBatchWarning = Timeout.InfiniteTimeSpan },
        ["SlowBatchWarning 1 ms"] = Valid with { SlowBatchWarning = TimeSpan.FromMilliseconds(1) },
        ["BatchRetries 100"] = Valid with { BatchRetries = 100 },
    };

    public static TheoryData<string> OutOfRangeNames => [.. OutOfRange.Keys];

    public static TheoryData<string> InRangeNames => [.. InRange.Keys];

    [Theory]
    [MemberData(nameof(OutOfRangeNames))]
    public void Context_OptionOutOfRange_SaysNameValueAndExpectation(string nameAndValue)
    {
        ArgumentOutOfRangeException error =
            Assert.Throws<ArgumentOutOfRangeException>(() => new StreamingContext(OutOfRange[nameAndValue]));
        string[] parts = nameAndValue.Split(' ', 2);
        Assert.Equal(parts[0], error.ParamName);
        Assert.StartsWith($"{parts[0]} is {parts[1]}; ", error.Message);
        Assert.Contains("expected", error.Message);
    }

    [Theory]
    [MemberData(nameof(InRangeNames))]
    public async Task Context_OptionAtItsBound_IsTaken(string name)
    {
        await using var context = new StreamingContext(InRange[name]);
        Assert.Equal(InRange[name], context.Options);
    }

    [Fact]
    public async Task Context_OptionsChangedAfterwards_KeepsThoseItWasMadeWith()
    {
        var options = new StreamingOptions
            { Checkpoint = new CheckpointOptions { Directory = "anywhere", ReceiverJournal = new ReceiverJournalOptions() } };
        await using var context = new StreamingContext(options);
        options.BatchInterval = TimeSpan.FromSeconds(7);
        options.Rate.MaxRecordsPerSecond = 7;
        options.State.MemoryBytes = 7 << 20;
        options.Checkpoint.Interval = TimeSpan.FromSeconds(7);
        options.Checkpoint.ReceiverJournal.MaxFileBytes = 7 << 20;
        StreamingOptions own = context.Options;
        Assert.Equal(
            (TimeSpan.FromSeconds(1), 0L, TimeSpan.FromSeconds(10), 64L << 20),
            (own.BatchInterval, own.Rate.MaxRecordsPerSecond, own.Checkpoint!.Interval, own.Checkpoint.ReceiverJournal!.MaxFileBytes));
        Assert.NotEqual(7 << 20, own.State.MemoryBytes);
    }

    // Anybody may check options, as those who bind them to configuration do.
    [Fact]
    public void Validate_OfEachKind_RefusesWhatIsOutOfRange()
    {
        Assert.Throws<ArgumentOutOfRangeException>(new RateOptions { Integral = -1 }.Validate);
        Assert.Throws<ArgumentOutOfRangeException>(new CheckpointOptions().Validate);
        Assert.Throws<ArgumentOutOfRangeException>(new ReceiverJournalOptions { MaxFileBytes = 1 }.Validate);
        Assert.Throws<ArgumentOutOfRangeException>(new StateOptions { MemoryBytes = 1 }.Validate);
        Assert.Throws<ArgumentOutOfRangeException>(new StreamingOptions { Partitions = 0 }.Validate);
        new StreamingOptions().Validate();
    }
}
