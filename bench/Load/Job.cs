namespace FastStream.Bench.Load;

/// <summary>One implementation of a workload, bound to its input.</summary>
public abstract class Job(string name, int threads, Workload workload) : IDisposable
{
    /// <summary>The name in the report and for <c>--only</c>; unique within a workload.</summary>
    public string Name { get; } = name;

    /// <summary>How many threads do the work.</summary>
    public int Threads { get; } = threads;

    /// <summary>The workload that it implements.</summary>
    public Workload Workload { get; } = workload;

    /// <summary>Does all batches once, in order, and joins their checksums with <see cref="Checksum.Then"/>.</summary>
    public abstract Checksum RunOnce();

    /// <summary>Frees what the job holds outside the managed heap.</summary>
    public virtual void Dispose()
    {
    }
}
