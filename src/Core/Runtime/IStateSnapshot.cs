using System.Buffers;

namespace FastStream.Runtime;

/// <summary>What a stream keeps over batches, in all its partitions, as a checkpoint sees it.</summary>
internal interface IStateSnapshot
{
    /// <summary>The stream whose it is.</summary>
    DStream Stream { get; }

    /// <summary>How it is written; a state of another schema does not fit.</summary>
    string Schema { get; }

    /// <summary>Number of parts that it is written in.</summary>
    int PartCount { get; }

    /// <summary>
    /// Whether a part holds the keys of its partition's groups and no others, and each process with the job's salt
    /// finds the same groups for them.
    /// </summary>
    bool IsByGroup { get; }

    /// <summary>Writes one partition's share. Between batches, when the last one is final.</summary>
    void Save(int part, IBufferWriter<byte> output);

    /// <summary>Takes in a share that some partition wrote. Before the first batch; after the last share <see cref="EndLoad"/>.</summary>
    /// <param name="part">Number of the share.</param>
    /// <param name="owner">The partition that owns all keys of the share; null where each key says it.</param>
    /// <param name="bytes">Its bytes, pinned.</param>
    void Load(int part, int? owner, ReadOnlySpan<byte> bytes);

    /// <summary>All shares are in.</summary>
    void EndLoad();
}
