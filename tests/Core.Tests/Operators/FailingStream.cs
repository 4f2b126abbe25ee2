namespace FastStream.Tests.Core.Operators;

/// <summary>Where a batch is made to fail.</summary>
internal enum FailurePoint
{
    /// <summary>Before the end of the batch reaches what follows.</summary>
    BeforeTheEnd,

    /// <summary>After the end of the batch went through what follows.</summary>
    AfterTheEnd,

    /// <summary>Nothing of the batch reaches what follows.</summary>
    AtTheBegin,

    /// <summary>In an output, when all operators were through.</summary>
    InTheOutput,
}

/// <summary>What fails when: a point and a number of tries, for some batch times.</summary>
internal sealed class FailurePlan
{
    private readonly Dictionary<BatchTime, (FailurePoint Point, int Partition, int Tries)> _failures = [];
    private readonly Dictionary<BatchTime, int> _outputTries = [];

    public void Add(BatchTime time, FailurePoint point, int partition, int tries) => _failures.Add(time, (point, partition, tries));

    /// <summary>Whether no try of the batch gets through all operators.</summary>
    public bool FailsForGood(BatchTime time, int retries) =>
        _failures.TryGetValue(time, out var failure) && failure.Point != FailurePoint.InTheOutput && failure.Tries > retries;

    public void Check(FailurePoint point, BatchTime time, int partition, int attempt)
    {
        if (_failures.TryGetValue(time, out var failure) && failure.Point == point && failure.Partition == partition
            && attempt <= failure.Tries)
        {
            throw new ArithmeticException($"{point}, try {attempt}");
        }
    }

    /// <summary>An output that fails by the plan, behind others.</summary>
    public void AddOutput<T>(DStream<T> stream) => stream.ForEachBatch((_, time) =>
    {
        int attempt = _outputTries[time] = _outputTries.GetValueOrDefault(time) + 1;
        Check(FailurePoint.InTheOutput, time, 0, attempt);
    });
}

/// <summary>The same records; fails by a plan.</summary>
internal sealed class FailingStream<T>(DStream<T> parent, FailurePlan plan) : DStream<T>(parent.Context, "Failing", parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs) =>
        graph.Attach(parent, this, partition => new FailingOperator<T>(plan, partition, outputs[partition]));
}

internal sealed class FailingOperator<T>(FailurePlan plan, int partition, Operator<T> next) : Operator<T>
{
    private readonly List<T> _held = [];
    private BatchTime _time;   // of the try before
    private int _attempt;

    public override void OnBatchStart(BatchContext batch) => next.OnBatchStart(batch);

    public override void OnRecords(ReadOnlySpan<T> items) => _held.AddRange(items);

    public override void OnBatchEnd(BatchContext batch)
    {
        _attempt = batch.Time == _time ? _attempt + 1 : 1;
        _time = batch.Time;
        plan.Check(FailurePoint.AtTheBegin, _time, partition, _attempt);
        next.OnManyRecords(_held.ToArray());
        _held.Clear();
        plan.Check(FailurePoint.BeforeTheEnd, _time, partition, _attempt);
        next.OnBatchEnd(batch);
        plan.Check(FailurePoint.AfterTheEnd, _time, partition, _attempt);
    }

    public override void Reset(BatchContext batch)
    {
        _held.Clear();
        next.Reset(batch);
    }
}
