namespace FastStream;

/// <summary>The offsets of one partition that a batch covers; the end is exclusive.</summary>
/// <param name="Id">The partition.</param>
/// <param name="From">The first offset.</param>
/// <param name="Until">The offset behind the last one.</param>
internal sealed record KafkaRange(KafkaPartition Id, long From, long Until)
{
    public required Utf8Text Topic { get; init; }

    /// <summary>The records, if they have been read.</summary>
    public IReadOnlyList<RecordSlice> Slices { get; init; } = [];

    public long Count => Slices.Sum(slice => (long)slice.Count);

    public override string ToString() => $"{Id} {From} to {Until}";
}
