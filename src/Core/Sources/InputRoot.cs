namespace FastStream.Runtime;

/// <summary>Runs one partition's split of an input batch through the chain.</summary>
internal sealed class InputRoot<T>(InputDStream<T> input, int partition, Operator<T> next) : StageRoot, IAtWork
{
    private int _thread;       // the thread that runs the input's batch now; 0 if none does
    private readonly RecordBuffer<T> _output = new(next);
    private int _index = -1;   // the input's place in BatchContext.Input

    public string Name => input.Name;

    public int Thread => Volatile.Read(ref _thread);

    public override void BindInput(IReadOnlyDictionary<object, int> indexes) => _index = indexes[input];

    public override void Receive(in StageMessage message)
    {
        var batch = (InputBatch<T>)message.Batch.Input(_index);
        try
        {
            next.OnBatchStart(message.Batch);
            _thread = Environment.CurrentManagedThreadId;
            batch.Run(partition, input.PartitionCount, _output);
            _output.Flush();
            _output.Release();
            _thread = 0;
        }
        catch (Exception error) when (error is not OperatorFailure)
        {
            throw new OperatorFailure(input.Name, input.Origin, error);
        }

        next.OnBatchEnd(message.Batch);
    }

    public override void Reset(BatchContext batch)
    {
        _thread = 0;
        _output.Clear();
        next.Reset(batch);
    }
}
