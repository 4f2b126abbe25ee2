using System.Text.Json.Serialization;

namespace FastStream.Dashboard;

/// <summary>The API's responses; times are in milliseconds since the Unix epoch, durations in milliseconds.</summary>
internal sealed record JobView(string Name, string State, double IntervalMs, int Partitions, long? ZeroTimeMs,
    string? Failure, bool MayControl);

internal sealed record TotalsView(
    long Batches, long FailedBatches, long Records, long DroppedRecords, long InvalidRecords, long FailedRecords,
    long SkippedTicks, long DroppedEvents, long PoolBytes, long WaitingBatches);

internal sealed record ProcessView(long AtMs, double CpuMs, long WorkingSetBytes, long HeapBytes, double GcPauseMs,
    long AllocatedBytes, int Threads, long ThreadPoolQueue);

internal sealed record GraphView(IReadOnlyList<StreamView> Streams, IReadOnlyList<OutputNodeView> Outputs);

internal sealed record StreamView(int Id, string Name, string Operator, int Stage, int Partitions, double SlideMs,
    IReadOnlyList<int> Parents, bool IsExchange);

internal sealed record OutputNodeView(int Index, string Name, string Operator, int Stream);

internal sealed record BatchView(
    long TimeMs, long Records, long Bytes, long SubmittedMs, long? StartedMs, double? SchedulingMs,
    double? ProcessingMs, double? TotalMs, long FailedRecords,
    IReadOnlyList<InputView> Inputs, IReadOnlyList<OutputView> Outputs, FailureView? Failure, ProfileView? Profile);

internal sealed record InputView(int Id, string Name, long Records, long Bytes, string? Description);

internal sealed record OutputView(int Index, string Name, double StartMs, double DurationMs, string? Failure);

internal sealed record FailureView(string? Operator, string Message, string? Stack);

internal sealed record ProfileView(IReadOnlyList<StageView> Stages, IReadOnlyList<RecordsView> Streams, double GcMs);

internal sealed record StageView(int Stage, int Partition, double StartMs, double EndMs, double BusyMs, int Messages);

internal sealed record RecordsView(int Stream, IReadOnlyList<long> Partitions);

internal sealed record SourceView(int Id, string Name, bool IsActive, string? LastError);

internal sealed record WarningInfo(long AtMs, string Message, string? Error);

/// <summary>What is new since the previous update; the first one has everything recorded.</summary>
internal sealed record UpdateView(
    JobView Job, TotalsView Totals, ProcessView Process, IReadOnlyList<BatchView> Batches,
    IReadOnlyList<SourceView> Sources, IReadOnlyList<WarningInfo> Warnings, GraphView? Graph);

internal sealed record ErrorView(string Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<JobView>))]
[JsonSerializable(typeof(UpdateView))]
[JsonSerializable(typeof(BatchView))]
[JsonSerializable(typeof(GraphView))]
[JsonSerializable(typeof(ErrorView))]
internal sealed partial class DashboardJson : JsonSerializerContext;
