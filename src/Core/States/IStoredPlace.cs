namespace FastStream;

/// <summary>Where a partition's store is opened, and how much its table may hold.</summary>
internal interface IStoredPlace
{
    /// <summary>Memory for one partition of one state, its table and its store, in bytes.</summary>
    long BytesOfShard { get; }

    /// <summary>Keys that a partition's table has room for at most.</summary>
    int MostKeys { get; }

    /// <summary>The number for a new store.</summary>
    int NewId();

    /// <summary>Opens the store of a number; a new one where there is no snapshot.</summary>
    KeyedStore Open(string name, int id, ReadOnlyMemory<byte>? snapshot, bool isReadOnly);
}
