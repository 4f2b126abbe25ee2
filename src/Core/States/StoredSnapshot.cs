namespace FastStream;

/// <summary>A store as it was at a checkpoint.</summary>
/// <param name="Id">The number of the store's directory.</param>
/// <param name="Snapshot">What the store needs to be opened as it was then.</param>
internal sealed record StoredSnapshot(int Id, ReadOnlyMemory<byte> Snapshot);
