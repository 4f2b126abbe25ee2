namespace FastStream;

/// <summary>Files and directories that only their owner may read, whatever the process leaves to others for new ones: in them may be anything that users sent.</summary>
internal static class PrivateFile
{
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryMode700 = FileMode600 | UnixFileMode.UserExecute;

    /// <summary>Opens a file to write; a new one is its owner's alone.</summary>
    public static FileStream Open(string path, FileMode mode, FileShare share = FileShare.Read)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = FileMode600;
        }

        var file = new FileStream(path, options);
        try
        {
            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(file.SafeFileHandle) != FileMode600)
            {
                File.SetUnixFileMode(file.SafeFileHandle, FileMode600);   // a mask can take away what the owner needs, and an older file may have more
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes a directory that is its owner's alone; one that is there stays as it is.</summary>
    public static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, DirectoryMode700);
            File.SetUnixFileMode(path, DirectoryMode700);
        }
    }
}
