namespace FastStream;

/// <summary>Where a partition opens its store, and how much its table may hold.</summary>
internal interface IStoredPlace
{
    /// <summary>Bytes of memory for one partition of one state, for its table and its store together.</summary>
    long BytesOfShard { get; }

    /// <summary>The most keys that a partition's table has room for.</summary>
    int MostKeys { get; }

    /// <summary>A number for a new store.</summary>
    int NewId();

    /// <summary>Opens the store that has a number; a new one if there is no snapshot.</summary>
    KeyedStore Open(string name, int id, ReadOnlyMemory<byte>? snapshot, bool isReadOnly);
}
