using System.Buffers;

namespace FastStream.Runtime;

/// <summary>The state of a stream in all its partitions, as a checkpoint sees it.</summary>
internal interface IStateSnapshot
{
    /// <summary>The stream that owns the state.</summary>
    DStream Stream { get; }

    /// <summary>Describes the format of the state; a state with another schema does not fit.</summary>
    string Schema { get; }

    /// <summary>Number of parts that the state is written in.</summary>
    int PartCount { get; }

    /// <summary>
    /// Whether a part contains exactly the keys of its partition's groups, and every process with the job's salt
    /// assigns the same groups to them.
    /// </summary>
    bool IsByGroup { get; }

    /// <summary>Writes one part. Called between batches, when the last one is final.</summary>
    void Save(int part, IBufferWriter<byte> output);

    /// <summary>
    /// Loads a part that some partition wrote. Called before the first batch; <see cref="EndLoad"/> follows the last
    /// part.
    /// </summary>
    /// <param name="part">Number of the part.</param>
    /// <param name="owner">The partition that owns all keys of the part; null where each key determines its owner.</param>
    /// <param name="bytes">Its bytes, pinned.</param>
    void Load(int part, int? owner, ReadOnlySpan<byte> bytes);

    /// <summary>All parts are loaded.</summary>
    void EndLoad();
}
