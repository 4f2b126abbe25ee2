namespace FastStream;

/// <summary>
/// File systems may get other device numbers when the machine starts: finds the new ones by files that are where they
/// were.
/// </summary>
internal sealed class DeviceNumbers
{
    private readonly Dictionary<ulong, ulong> _numbers = [];   // by the number of an earlier run

    /// <summary>Looks at a file of an earlier run, unless its device is known.</summary>
    public void Learn(in FileStatus file)
    {
        if (file.Identity.Path is null && !_numbers.ContainsKey(file.Identity.Device)
            && FileStatus.Of(file.Path) is { } now && SavedFile.IsSame(file, now) && now.IsUnchangedSince(file))
        {
            _numbers.Add(file.Identity.Device, now.Identity.Device);
        }
    }

    /// <summary>The file with its device's number of now; as it was where nothing is known.</summary>
    public FileStatus Current(in FileStatus file) =>
        _numbers.TryGetValue(file.Identity.Device, out ulong now) && file.Identity.Path is null
            ? file with { Identity = file.Identity with { Device = now } } : file;
}
