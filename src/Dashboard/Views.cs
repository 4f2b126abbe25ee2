using System.Diagnostics;

namespace FastStream.Dashboard;

/// <summary>Makes the API's responses from the engine's data.</summary>
internal static class Views
{
    // A page does not need more than the newest batches at once; the ring has the others.
    private const int BatchesAtOnce = 500;

    public static JobView Job(JobRecorder job, bool mayControl)
    {
        StreamingContext context = job.Context;
        return new JobView(
            job.Name, context.State.ToString(), context.Options.BatchInterval.TotalMilliseconds, context.Options.Partitions,
            context.State == StreamingContextState.Initialized ? null : context.ZeroTime.Milliseconds,
            context.Completion.IsFaulted ? context.Completion.Exception!.GetBaseException().Message : null, mayControl);
    }

    /// <summary>Returns what came after the numbers, and advances the numbers.</summary>
    public static UpdateView Update(JobRecorder job, bool mayControl, bool isFirst, ref long batchNumber, ref long warningNumber)
    {
        (batchNumber, BatchInfo[] batches) = job.BatchesAfter(batchNumber, BatchesAtOnce);
        (warningNumber, WarningInfo[] warnings) = job.WarningsAfter(warningNumber);
        return new UpdateView(
            Job(job, mayControl), Totals(job), ProcessNow(job.Context.Options.TimeProvider), [.. batches.Select(Batch)],
            [.. job.Receivers().Select(
                receiver => new SourceView(receiver.StreamId, receiver.Name, receiver.IsActive, receiver.LastErrorMessage))], warnings,
            isFirst ? Graph(job.Context.Describe()) : null);
    }

    public static GraphView Graph(StreamGraph graph) => new(
        [.. graph.Streams.Select(stream => new StreamView(
            stream.Id, stream.Name, stream.Operator, stream.Stage, stream.Partitions, stream.Slide.TotalMilliseconds,
            stream.Parents, stream.IsExchange))],
        [.. graph.Outputs.Select(output => new OutputNodeView(output.Index, output.Name, output.Operator, output.Stream))]);

    public static BatchView Batch(BatchInfo batch) => new(
        batch.Time.Milliseconds, batch.RecordCount, batch.SizeBytes, batch.SubmittedAt.ToUnixTimeMilliseconds(),
        batch.StartedAt?.ToUnixTimeMilliseconds(),
        batch.SchedulingDelay?.TotalMilliseconds, batch.ProcessingTime?.TotalMilliseconds,
        batch.TotalDelay?.TotalMilliseconds, batch.FailedRecordCount,
        [.. batch.Inputs.Select(input => new InputView(input.StreamId, input.Name, input.RecordCount, input.SizeBytes, input.Description))],
        [.. batch.Outputs.Select(
            output => new OutputView(output.Index, output.Name, output.Start.TotalMilliseconds,
                output.Duration.TotalMilliseconds, output.Failure))],
        batch.Failure is { } failure ? new FailureView(failure.OperatorName, failure.Message, failure.InnerException?.ToString()) : null,
        batch.Profile is { } profile ? Profile(profile) : null);

    private static ProfileView Profile(BatchProfile profile) => new(
        [.. profile.Stages.Select(run => new StageView(
            run.Stage, run.Partition, run.Start.TotalMilliseconds, run.End.TotalMilliseconds, run.Busy.TotalMilliseconds, run.Messages))],
        [.. profile.Streams.GroupBy(each => each.Stream)
            .Select(stream => new RecordsView(stream.Key, [.. stream.OrderBy(each => each.Partition).Select(each => each.Records)]))],
        profile.GarbageCollection.TotalMilliseconds);

    private static TotalsView Totals(JobRecorder job)
    {
        StreamingMetrics metrics = job.Context.Metrics;
        return new TotalsView(
            metrics.CompletedBatches, metrics.FailedBatches, metrics.ProcessedRecords, metrics.DroppedRecords,
            metrics.InvalidRecords, metrics.FailedRecords, metrics.SkippedTicks,
            metrics.DroppedEvents, (long)job.Context.Blocks.RentedBlocks * job.Context.Blocks.BlockSizeBytes, job.Waiting);
    }

    private static ProcessView ProcessNow(TimeProvider clock)
    {
        using var process = Process.GetCurrentProcess();
        return new ProcessView(
            clock.GetUtcNow().ToUnixTimeMilliseconds(), process.TotalProcessorTime.TotalMilliseconds,
            Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false),
            GC.GetTotalPauseDuration().TotalMilliseconds, GC.GetTotalAllocatedBytes(), ThreadPool.ThreadCount,
            ThreadPool.PendingWorkItemCount);
    }
}
