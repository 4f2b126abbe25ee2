using System.Buffers;

namespace FastStream;

/// <summary>What a stream keeps over batches, in all its partitions, as a checkpoint sees it.</summary>
internal interface IStateSection
{
    /// <summary>The stream whose it is.</summary>
    DStream Stream { get; }

    /// <summary>How it is written; a state of another schema does not fit.</summary>
    string Schema { get; }

    /// <summary>Number of parts that it is written in.</summary>
    int PartCount { get; }

    /// <summary>Writes one partition's share. Between batches, when the last one is final.</summary>
    void Save(int part, IBufferWriter<byte> output);

    /// <summary>Takes in a share that some partition wrote: which partition owns a key is another one in every process. Before the first batch; after the last share <see cref="EndLoad"/>.</summary>
    /// <param name="part">Number of the share.</param>
    /// <param name="bytes">Its bytes, pinned.</param>
    void Load(int part, ReadOnlySpan<byte> bytes);

    /// <summary>All shares are in.</summary>
    void EndLoad();
}
