namespace FastStream;

/// <summary>A store as it was at a checkpoint.</summary>
/// <param name="Id">Number of its directory.</param>
/// <param name="Snapshot">What the store needs to be opened so.</param>
internal sealed record StoredSnapshot(int Id, ReadOnlyMemory<byte> Snapshot);
